"""The headers that fields are known by: our own, and those of shop systems and languages. Pure data."""

from __future__ import annotations

from typing import Final

#: The canonical headers, in the order in which they are documented.
CANONICAL: Final = tuple(
    """id sku gtin item_group_id slug title description category brand price sale_price sale_start sale_end cost is_free
    clearance currency stock track_inventory backorder availability availability_date status archived_at image link
    created_at updated_at expires_at owner""".split()  # noqa: SIM905 - as the documentation writes them
)

#: What a file may hold beside the fields of a product; each is turned into them.
LIST_PRICE: Final = "list_price"  # what it once cost, or would without a reduction
FINAL_PRICE: Final = "final_price"  # what a buyer pays now
REGULAR_PRICE: Final = "regular_price"
PUBLISHED: Final = "published"
TRACKER: Final = "tracker"  # who counts the stock; blank means nobody
SALE_WINDOW: Final = "sale_window"  # "start/end", Merchant `sale_price_effective_date`
MORE_IMAGES: Final = "more_images"
OPTIONS: Final = "variants"

#: Headers of other systems, best first.
GUESSES: Final[dict[str, str]] = {
    "id": """
        product_id item_id productid itemid goods_id spu_id spu offer_id listing_id asin article_id unique_id
        uid _id 商品id 商品编号 商品编码 产品id 产品编号 货品编号 商品番号 상품번호 상품코드 artikel_id
        id_producto id_produit""",
    "sku": """
        sku_id skuid sku_code seller_sku item_sku product_sku variant_sku stock_keeping_unit article_number
        item_number artikelnummer product_code item_code 货号 sku编码 商家编码 商品货号 規格編號 referencia
        référence артикул""",
    "gtin": """
        barcode bar_code ean ean13 ean_13 upc upc_a isbn gtin13 gtin_13 gtin14 gtin_14 gtin8 gtin12
        variant_barcode ean_code gtin_upc_ean_or_isbn 条码 条形码 商品条码 国际条码 國際條碼 バーコード
        janコード 바코드 штрихкод""",
    "item_group_id": "group_id parent_id parent_sku parent product_group variant_group_id item_group 父商品id 商品组",
    "slug": "handle url_handle url_key seo_url permalink_slug url_slug",
    "title": """
        product_name name product_title item_name item_title goods_name product productname post_title 商品名称
        商品名 商品标题 标题 名称 产品名称 品名 宝贝标题 商品名稱 標題 商品タイトル 상품명 제목 titel
        artikelname bezeichnung produktname nombre título titre nom titolo nome nome_do_produto название
        наименование tên_sản_phẩm nama_produk""",
    "description": """
        product_description body_html body long_description full_description desc details content
        item_description summary short_description post_content 商品描述 描述 商品详情 详情 产品描述 介绍
        商品介绍 說明 商品説明 説明 상세설명 설명 beschreibung artikelbeschreibung descripción descripcion
        descrição descrizione описание mô_tả""",
    "category": """
        product_type product_category category_name categories category_path category_tree breadcrumb
        breadcrumbs google_product_category taxonomy department collection type category_id 类目 分类 商品分类
        商品类目 品类 类别 分類 カテゴリ カテゴリー 카테고리 kategorie categoría catégorie categoria категория
        danh_mục kategori""",
    "brand": """
        brand_name vendor manufacturer maker 品牌 商标 品牌名称 ブランド メーカー 브랜드 제조사 marke hersteller
        marca marque fabricante бренд производитель thương_hiệu merek""",
    "price": """
        unit_price item_price product_price price_amount variant_price retail_price 价格 单价 商品价格 售卖价
        價格 単価 価格 가격 preis verkaufspreis precio prix preço prezzo prijs cena цена giá harga fiyat""",
    "sale_price": """
        special_price promo_price promotion_price promotional_price discount_price discounted_price offer_price
        deal_price reduced_price 促销价 优惠价 活动价 特价 折扣价 セール価格 特価 할인가 angebotspreis
        aktionspreis precio_rebajado precio_oferta prix_promo prix_soldé preço_promocional prezzo_scontato
        цена_со_скидкой""",
    "sale_start": """
        sale_start_date sale_price_start sale_price_start_date special_from_date special_price_from_date
        date_sale_price_starts sale_price_dates_from sale_from promotion_start 促销开始时间 活动开始时间
        优惠开始时间""",
    "sale_end": """
        sale_end_date sale_price_end sale_price_end_date special_to_date special_price_to_date
        date_sale_price_ends sale_price_dates_to sale_to promotion_end 促销结束时间 活动结束时间 优惠结束时间""",
    "cost": """
        cost_price cost_per_item purchase_price cost_of_goods_sold cogs unit_cost wholesale_cost variant_cost
        成本 成本价 进价 进货价 采购价 原価 仕入値 원가 einkaufspreis costo coste prix_d_achat custo
        себестоимость""",
    "is_free": "free gift is_gift free_gift 赠品 是否赠品 免费",
    "clearance": "is_clearance on_clearance closeout final_sale 清仓 是否清仓",
    "currency": """
        currency_code price_currency currencycode iso_currency 币种 货币 货币单位 幣別 通貨 통화 währung moneda
        devise moeda valuta валюта""",
    "stock": """
        stock_quantity inventory_quantity inventory quantity qty available_quantity stock_level stock_qty
        on_hand in_stock_quantity available_stock variant_inventory_qty quantity_in_stock total_stock
        stock_count 库存 库存数量 库存量 可售库存 商品库存 可用库存 数量 庫存 在庫 在庫数 재고 재고수량
        lagerbestand bestand menge existencias cantidad quantité estoque quantidade giacenza quantità voorraad
        остаток количество tồn_kho stok""",
    "track_inventory": """
        manage_stock track_stock track_quantity inventory_tracked is_stock_managed 是否跟踪库存""",
    TRACKER: "inventory_management inventory_tracker variant_inventory_tracker",
    "backorder": """
        backorders allow_backorder allow_backorders backorders_allowed inventory_policy backorder_allowed
        variant_inventory_policy continue_selling_when_out_of_stock 允许超卖 是否超卖""",
    "availability": """
        in_stock is_available is_in_stock stock_status available availability_status instock 库存状态 是否有货
        有货 在庫状況 재고상태 verfügbarkeit disponibilidad disponibilité disponibilità наличие""",
    "availability_date": """
        available_from available_on available_date preorder_date restock_date ship_date release_date 到货日期
        发货时间""",
    "status": """
        product_status item_status listing_status listing_state publication_status 状态 商品状态 上架状态
        上下架状态 销售状态 狀態 ステータス 状態 상태 판매상태 statut статус trạng_thái""",
    "archived_at": "deleted_at archived_date date_archived removed_at 归档时间 删除时间",
    "image": """
        image_link image_url main_image image_src images image_urls picture picture_url photo thumbnail img
        featured_image primary_image product_image product_image_url main_image_url pictures photos 图片 主图
        商品图片 图片链接 主图链接 商品主图 圖片 画像 画像url 이미지 bild bilder bild_url imagen imágenes
        image_principale imagem immagine изображение фото hình_ảnh gambar""",
    "link": """
        url product_url product_link permalink page_url item_url landing_page canonical_url href 链接 商品链接
        网址 详情链接 連結 商品url 상품링크 produkt_url enlace lien ссылка""",
    "created_at": "created created_date date_created creation_date publish_date 创建时间 添加时间 上架时间 建立時間",
    "updated_at": """
        updated updated_date last_modified modified modified_at date_modified last_updated 更新时间 修改时间
        更新日""",
    "expires_at": """
        expiry_date expiration_date expires expiry best_before best_before_date 过期时间 有效期至 保质期至
        到期日 賞味期限""",
    "owner": "responsible account_manager 负责人 运营",
    LIST_PRICE: """
        initial_price compare_at_price variant_compare_at_price original_price msrp rrp was_price market_price
        list_price_amount strike_price strikethrough_price old_price price_before_discount full_price 原价
        市场价 划线价 吊牌价 建议零售价 定价 原價 定価 希望小売価格 정가 uvp streichpreis precio_original
        prix_barré preço_de prezzo_originale старая_цена giá_gốc""",
    FINAL_PRICE: """
        final_price current_price selling_price sell_price price_current now_price actual_price 现价 售价 销售价
        实际价格 到手价 成交价 現價 售價 販売価格 판매가 precio_final prix_final preço_por prezzo_finale giá_bán""",
    REGULAR_PRICE: "regular_price normal_price base_price 正常价 常规价 regulärer_preis precio_normal prix_normal",
    PUBLISHED: """
        published is_published visible is_visible is_active active enabled published_on_online_store 是否上架
        上架""",
    SALE_WINDOW: "sale_price_effective_date sale_window special_price_window 促销时间",
    MORE_IMAGES: """
        additional_image_link additional_image_links additional_images additional_image_urls image_urls images
        gallery gallery_images media_gallery picture_urls 副图 附图 商品图集""",
    OPTIONS: "variants options_list skus sku_list",
}  # fmt: skip
