"""Which URLs of a product are worth fetching."""

from __future__ import annotations

from daemon.products.product import Product


def wanted_urls(product: Product) -> tuple[tuple[str, ...], str | None]:
    """Return the distinct image URLs in their order, and the landing page if there is one, blanks stripped."""
    images = dict.fromkeys(stripped for url in product.images if (stripped := url.strip()))
    link = product.link.strip() if product.link else ""
    return tuple(images), link or None
