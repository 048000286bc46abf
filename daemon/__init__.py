"""Zhiban (值班, "on duty"): one asyncio daemon on one VM for a team that sells things online.

The map of the house. Imports go down this list; what stands in one line never imports each other.

    __main__, cli      the `zhiban` command
    main               composition root: the only place that knows every part
    handlers | jobs | adapters
                       HTTP and bot | timers | databases, network and services
    services           one async function per use case; the only place that says what happens in which order
    inference          models and the thread pool
    ports              what the daemon needs from the world, as Protocols
    products | forum   pure: rules, verdicts, incidents, remedies | principals, policy
    config | log | metrics
    errors
"""
