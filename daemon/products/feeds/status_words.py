"""The words of other systems and languages for a product's status and availability. Pure data and two look-ups."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from daemon.products.product import Availability, Status, Unparsed

_STATUS: Final[dict[Status, str]] = {
    Status.LISTED: """
        listed active activated live online on_line published publish public visible enabled enable on_sale
        for_sale on_shelf onshelf on_the_shelf selling available approved true yes 1 buyable released 上架
        已上架 上架中 在售 销售中 出售中 在架 已发布 发布 启用 已启用 正常 上線 上线 已上线 販售中 公開 公开
        販売中 出品中 판매중 판매_중 진열 aktiv veröffentlicht online_gestellt activo activa publicado publicada
        actif publié publiée en_ligne ativo ativa à_venda attivo pubblicato actief gepubliceerd aktywny
        opublikowany активен активный опубликован в_продаже aktif yayında đang_bán đang_hoạt_động نشط منشور""",
    Status.UNLISTED: """
        unlisted inactive deactivated hidden hide disabled disable unpublished unpublish off_shelf offshelf
        off_the_shelf taken_down delisted offline off_line private paused suspended withdrawn not_visible
        invisible not_for_sale unavailable blocked false no 0 stopped in_warehouse banned future scheduled ended
        expired closed 下架 已下架 未上架 待上架 仓库中 放入仓库 停售 停用 已停用 隐藏 已隐藏 隱藏 禁用 未发布
        下线 已下线 非公開 販売停止 판매중지 판매_중지 숨김 inaktiv deaktiviert versteckt nicht_veröffentlicht
        inactivo inactiva oculto desactivado no_publicado inactif masqué désactivé non_publié hors_ligne inativo
        inativa desativado non_attivo nascosto disattivato inactief verborgen nieaktywny ukryty неактивен
        неактивный скрыт снят_с_продажи nonaktif pasif đã_ẩn غير_نشط مخفي""",
    Status.OUT_OF_STOCK: """
        out_of_stock outofstock oos sold_out soldout no_stock 售罄 已售罄 缺货 无货 售完 已售完 断货 缺貨 補貨中
        在庫切れ 売り切れ 品切れ 품절 일시품절 ausverkauft nicht_vorrätig agotado sin_existencias épuisé
        rupture_de_stock en_rupture esgotado sem_estoque esaurito uitverkocht wyprzedane нет_в_наличии
        распродано stok_habis habis tükendi hết_hàng نفد غير_متوفر""",
    Status.DRAFT: """
        draft drafts auto_draft unfinished incomplete in_progress in_preparation editing work_in_progress wip
        草稿 编辑中 未完成 新建 下書き 作成中 임시저장 작성중 entwurf in_bearbeitung borrador brouillon rascunho
        bozza concept szkic черновик draf taslak bản_nháp مسودة""",
    Status.REVIEW: """
        review in_review under_review pending pending_review pending_approval awaiting_approval awaiting_review
        moderation in_moderation needs_review to_review on_hold hold submitted quarantine 审核 审核中 待审核
        待审 审查中 审核不通过 審核中 待審核 審査中 確認待ち 검토중 승인대기 in_prüfung prüfung zur_prüfung
        en_revisión pendiente en_attente en_révision em_revisão pendente in_revisione in_attesa ter_beoordeling
        w_trakcie_weryfikacji на_модерации на_проверке ditinjau inceleniyor chờ_duyệt قيد_المراجعة""",
    Status.ARCHIVED: """
        archived archive deleted delete trash trashed removed discontinued retired obsolete terminated
        end_of_life eol 归档 已归档 删除 已删除 回收站 停产 已停产 作废 已作废 淘汰 封存 刪除 削除済み 廃番
        販売終了 삭제 보관 단종 archiviert gelöscht ausgelaufen archivado eliminado descatalogado archivé
        supprimé arquivado excluído archiviato eliminato gearchiveerd verwijderd zarchiwizowany usunięty архив
        в_архиве удален удалён diarsipkan arşivlendi silindi đã_xóa مؤرشف محذوف""",
}
_AVAILABILITY: Final[dict[Availability, str]] = {
    Availability.IN_STOCK: """
        in_stock instock available in_store_only instoreonly online_only onlineonly limited_availability
        limitedavailability limited low_stock on_hand true yes y 1 made_to_order madetoorder 有货 有貨 现货 現貨
        有库存 有庫存 可售 有 在庫あり 재고있음 auf_lager lieferbar verfügbar en_stock disponible disponibile
        em_estoque disponível op_voorraad dostępny в_наличии tersedia stokta còn_hàng متوفر""",
    Availability.OUT_OF_STOCK: """
        out_of_stock outofstock oos sold_out soldout unavailable not_available no_stock false no n 0 reserved
        缺货 缺貨 无货 無貨 售罄 已售罄 售完 断货 无库存 无 在庫切れ 在庫なし 売り切れ 품절 재고없음 ausverkauft
        nicht_auf_lager nicht_verfügbar agotado sin_stock no_disponible épuisé rupture_de_stock indisponible
        esaurito non_disponibile esgotado indisponível uitverkocht niedostępny нет_в_наличии habis tükendi
        hết_hàng غير_متوفر""",
    Availability.PREORDER: """
        preorder pre_order presale pre_sale 预售 預售 预订 預購 予約 予約受付中 예약판매 vorbestellung
        vorbestellbar reserva preventa précommande pré_venda preordine предзаказ""",
    Availability.BACKORDER: """
        backorder back_order backordered on_backorder available_on_backorder onbackorder 缺货可订 可补货 补货中
        調貨 取り寄せ nachbestellbar auf_bestellung bajo_pedido sur_commande sob_encomenda su_ordinazione
        под_заказ""",
    Availability.DISCONTINUED: """
        discontinued end_of_life eol 停产 已停产 停產 絶版 生産終了 廃番 단종 ausgelaufen eingestellt
        descatalogado discontinué descontinuado fuori_produzione снят_с_производства""",
}
_SCHEMA_ORG: Final = re.compile(r"(?:https?://)?(?:www\.)?schema\.org/", re.IGNORECASE)
_GAP: Final = re.compile(r"[\s_\-‐-―]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def word_key(text: str) -> str:
    """Return a word in the one spelling in which the tables hold it: folded, with "_" for gaps."""
    folded = unicodedata.normalize("NFKC", _CAMEL.sub("_", text)).casefold()
    return _GAP.sub("_", folded.strip(" \t\r\n.!。")).strip("_")


def _by_word(table: dict[Status, str] | dict[Availability, str]) -> dict[str, str]:
    return {word_key(word): meaning for meaning, words in table.items() for word in words.split()}


_STATUS_BY_WORD: Final = _by_word(_STATUS)
_AVAILABILITY_BY_WORD: Final = _by_word(_AVAILABILITY)


def status_of(text: str) -> Status | Unparsed:
    """Return the status that a word means, the word itself when it is none that we know."""
    found = _STATUS_BY_WORD.get(word_key(text))
    return Unparsed(text) if found is None else Status(found)


def availability_of(text: str) -> Availability | Unparsed:
    """Return the availability that a word or a schema.org ItemAvailability means, the word itself when unknown."""
    found = _AVAILABILITY_BY_WORD.get(word_key(_SCHEMA_ORG.sub("", text.strip())))
    return Unparsed(text) if found is None else Availability(found)
