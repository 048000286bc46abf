"""Readers of product files: CSV, TSV, Shopify, JSON, JSON Lines, Google Merchant XML. Bytes in, products out."""

from daemon.products.feeds.feed import Feed, open_feed
from daemon.products.feeds.options import FeedOptions

__all__ = ["Feed", "FeedOptions", "open_feed"]
