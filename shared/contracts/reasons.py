"""Why something was refused or declined: a code, and what to do about it. Part of the wire; codes are only added."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A machine-readable reason. `REMEDIES` says what its reader can do."""

    UNKNOWN_WORKSPACE = "unknown_workspace"
    UNKNOWN_MEMBER = "unknown_member"
    PLAN_NOT_ELIGIBLE = "plan_not_eligible"
    WORKSPACE_NOT_ACTIVE = "workspace_not_active"
    NOT_ALLOWED_TO_BUY = "not_allowed_to_buy"
    NOT_ALLOWED_TO_DECIDE = "not_allowed_to_decide"
    NOT_THE_ASKER = "not_the_asker"
    CANNOT_EDIT = "cannot_edit"
    CAN_BUY_DIRECTLY = "can_buy_directly"
    EDITOR_NOT_ELIGIBLE = "editor_not_eligible"
    DUPLICATE_EDITOR = "duplicate_editor"
    UNKNOWN_PACKAGE = "unknown_package"
    PACKAGE_RETIRED = "package_retired"
    PRICE_CHANGED = "price_changed"
    AMOUNT_TOO_LARGE = "amount_too_large"
    AMOUNT_NOT_CHARGEABLE = "amount_not_chargeable"
    WORKSPACE_CAP_REACHED = "workspace_cap_reached"
    BUYER_CAP_REACHED = "buyer_cap_reached"
    NOT_THE_OWNER = "not_the_owner"
    MONTHLY_CAP_REACHED = "monthly_cap_reached"
    NO_AUTO_TOP_UP = "no_auto_top_up"
    DECLINED_TOO_OFTEN = "declined_too_often"
    NO_PAYMENT_METHOD = "no_payment_method"
    UNKNOWN_PURCHASE = "unknown_purchase"
    PURCHASE_ID_REUSED = "purchase_id_reused"
    PURCHASE_NOT_RETRYABLE = "purchase_not_retryable"
    STALE_ATTEMPT = "stale_attempt"
    IN_PROGRESS = "in_progress"
    UNKNOWN_REQUEST = "unknown_request"
    REQUEST_ID_REUSED = "request_id_reused"
    REQUEST_ALREADY_OPEN = "request_already_open"
    REQUEST_NOT_OPEN = "request_not_open"
    REQUEST_MISMATCH = "request_mismatch"
    TOO_MANY_REQUESTS = "too_many_requests"
    ALREADY_BEING_BOUGHT = "already_being_bought"
    CARD_DECLINED = "card_declined"
    AUTHENTICATION_FAILED = "authentication_failed"
    PAYMENT_METHOD_UNUSABLE = "payment_method_unusable"
    PAYMENT_METHOD_EXHAUSTED = "payment_method_exhausted"
    PAYMENT_CANCELLED = "payment_cancelled"
    UNPAID_TOO_LONG = "unpaid_too_long"
    NEEDS_A_PERSON = "needs_a_person"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    CREDITS_PAUSED = "credits_paused"
    USAGE_ID_REUSED = "usage_id_reused"
    UNKNOWN_ACTION = "unknown_action"
    NO_CATALOG = "no_catalog"
    UNKNOWN_USAGE = "unknown_usage"
    USAGE_NOT_BURNED = "usage_not_burned"
    UNKNOWN_HOLD = "unknown_hold"
    HOLD_ID_REUSED = "hold_id_reused"
    HOLD_REFUSED = "hold_refused"
    HOLD_CAPTURED = "hold_captured"
    HOLD_RELEASED = "hold_released"
    HOLD_EXPIRED = "hold_expired"
    CAPTURE_EXCEEDS_HOLD = "capture_exceeds_hold"
    PURCHASE_NOT_REFUNDABLE = "purchase_not_refundable"
    LINE_NOT_IN_PURCHASE = "line_not_in_purchase"
    ALREADY_REFUNDED = "already_refunded"
    REFUND_IN_PROGRESS = "refund_in_progress"
    REFUND_ID_REUSED = "refund_id_reused"
    REFUND_CHANGED = "refund_changed"
    LINE_TOUCHED = "line_touched"
    NOT_ALLOWED_TO_REFUND = "not_allowed_to_refund"
    PURCHASE_DISPUTED = "purchase_disputed"
    REFUND_REJECTED = "refund_rejected"
    UNKNOWN_RECALL = "unknown_recall"
    RECALL_NOT_OPEN = "recall_not_open"
    GRANT_ID_REUSED = "grant_id_reused"
    CORRECTION_ID_REUSED = "correction_id_reused"
    OPERATOR_LIMIT_REACHED = "operator_limit_reached"
    NOTHING_TO_CORRECT = "nothing_to_correct"
    RECONCILIATION_ID_REUSED = "reconciliation_id_reused"
    SINCE_OUT_OF_BOUNDS = "since_out_of_bounds"
    REVIEW_ID_REUSED = "review_id_reused"
    PAYMENT_NOT_PARKED = "payment_not_parked"
    PAYMENT_MAY_STILL_COME = "payment_may_still_come"
    PAYMENT_IS_THERE = "payment_is_there"
    UNKNOWN_NOTICE = "unknown_notice"
    UNSUBSCRIBE_LINK_INVALID = "unsubscribe_link_invalid"


REMEDIES: dict[Reason, str] = {
    Reason.UNKNOWN_WORKSPACE: "Check the workspace id; a new workspace needs its directory message first.",
    Reason.UNKNOWN_MEMBER: "Check the user id; the person must be a member of this workspace.",
    Reason.PLAN_NOT_ELIGIBLE: "Top-ups are sold on Pro and Business: upgrade the workspace first.",
    Reason.WORKSPACE_NOT_ACTIVE: "Settle the workspace's subscription first.",
    Reason.NOT_ALLOWED_TO_BUY: "Only the owner or an admin buys; send a request instead.",
    Reason.NOT_ALLOWED_TO_DECIDE: "Only the owner or an admin decides about a request.",
    Reason.NOT_THE_ASKER: "Only the person who asked may cancel the request.",
    Reason.CANNOT_EDIT: "Viewers use no credits; ask for a role that can edit.",
    Reason.CAN_BUY_DIRECTLY: "Owner and admins buy directly; no request is needed.",
    Reason.EDITOR_NOT_ELIGIBLE: "Choose members of this workspace who can edit.",
    Reason.DUPLICATE_EDITOR: "Name each editor once.",
    Reason.UNKNOWN_PACKAGE: "Choose a package of the current catalog.",
    Reason.PACKAGE_RETIRED: "This package is no longer sold; choose another one.",
    Reason.PRICE_CHANGED: "Ask for a new quote, review it and buy with it. Nothing was charged.",
    Reason.AMOUNT_TOO_LARGE: "Buy for fewer editors at once: the processor charges at most 99,999,999 minor units.",
    Reason.AMOUNT_NOT_CHARGEABLE: "The processor takes no such amount or currency; have the catalog's price mended.",
    Reason.WORKSPACE_CAP_REACHED: "Buy less, wait for the next day (UTC), or have the owner raise the workspace's cap.",
    Reason.BUYER_CAP_REACHED: "Buy less, wait for the next day (UTC), let another admin buy, or have the cap raised.",
    Reason.NOT_THE_OWNER: "Only the owner of the workspace sets its spending caps.",
    Reason.MONTHLY_CAP_REACHED: "Raise the cap of this auto top-up, buy by hand, or wait for the next month (UTC).",
    Reason.NO_AUTO_TOP_UP: "Nothing is topped up by itself there: there is nothing to stop.",
    Reason.DECLINED_TOO_OFTEN: "Save another payment method, try the purchase with it, and set auto top-up again.",
    Reason.NO_PAYMENT_METHOD: "Save a payment method on the workspace first.",
    Reason.UNKNOWN_PURCHASE: "Check the purchase id and the workspace.",
    Reason.PURCHASE_ID_REUSED: "This id belongs to another purchase; choose a new one.",
    Reason.PURCHASE_NOT_RETRYABLE: "Only a declined purchase can be tried again.",
    Reason.STALE_ATTEMPT: "Read the purchase's status and use the number of its next attempt.",
    Reason.IN_PROGRESS: "Wait for the outcome; it is published when it is known.",
    Reason.UNKNOWN_REQUEST: "Check the request id and the workspace.",
    Reason.REQUEST_ID_REUSED: "This id belongs to another request; choose a new one.",
    Reason.REQUEST_ALREADY_OPEN: "A request of yours is open; wait for its outcome or cancel it.",
    Reason.REQUEST_NOT_OPEN: "The request has been resolved already.",
    Reason.REQUEST_MISMATCH: "The purchase must include the asker and the package asked for.",
    Reason.TOO_MANY_REQUESTS: "Wait until the time that is given, then ask under a new id.",
    Reason.ALREADY_BEING_BOUGHT: "Someone else is buying this request; nothing was charged.",
    Reason.CARD_DECLINED: "Try another payment method, or ask the card's issuer.",
    Reason.AUTHENTICATION_FAILED: "Authenticate again, or try another payment method.",
    Reason.PAYMENT_METHOD_UNUSABLE: "Choose a payment method saved on this workspace.",
    Reason.PAYMENT_METHOD_EXHAUSTED: "This method was declined too often: use another one, or wait for its next try.",
    Reason.PAYMENT_CANCELLED: "Start a new purchase.",
    Reason.UNPAID_TOO_LONG: "The payment was cancelled unpaid; start a new purchase.",
    Reason.NEEDS_A_PERSON: "An operator looks into it; nothing more will be charged meanwhile.",
    Reason.INSUFFICIENT_CREDITS: "Buy or ask for credits, or wait for the next period.",
    Reason.CREDITS_PAUSED: "Upgrade the workspace, settle its subscription, or get a role that can edit.",
    Reason.USAGE_ID_REUSED: "This usage id was reported with other content; report new work under a new id.",
    Reason.UNKNOWN_ACTION: "The catalog in force has no price for this action; report credits, or have it added.",
    Reason.NO_CATALOG: "No catalog is in force yet: publish one.",
    Reason.UNKNOWN_USAGE: "Check usage id, workspace and source; only reported usage is reversed.",
    Reason.USAGE_NOT_BURNED: "The usage was refused and burned nothing: there is nothing to give back.",
    Reason.UNKNOWN_HOLD: "Check hold id, workspace and source; hold first, then capture or release.",
    Reason.HOLD_ID_REUSED: "This hold id was used with other content; hold for new work under a new id.",
    Reason.HOLD_REFUSED: "The hold was refused and holds nothing; hold again under a new id.",
    Reason.HOLD_CAPTURED: "The hold was captured before, which stands; report more work as usage.",
    Reason.HOLD_RELEASED: "The hold was released before; report the work as usage or under a new hold.",
    Reason.HOLD_EXPIRED: "The hold ended by itself; report the work as usage, and hold for longer next time.",
    Reason.CAPTURE_EXCEEDS_HOLD: "Capture at most what is held; report the rest as usage.",
    Reason.PURCHASE_NOT_REFUNDABLE: "Only a purchase that is paid and credited is refunded; read its status.",
    Reason.LINE_NOT_IN_PURCHASE: "Name editors of this purchase, each once.",
    Reason.ALREADY_REFUNDED: "This line was refunded before; name the lines that are left.",
    Reason.REFUND_IN_PROGRESS: "Another refund of this line is under way; wait for its outcome.",
    Reason.REFUND_ID_REUSED: "This id belongs to another refund; choose a new one.",
    Reason.REFUND_CHANGED: "Have the refund proposed again, review it and refund by it. Nothing was refunded.",
    Reason.LINE_TOUCHED: "Credits of this line were used: only an operator refunds it, and what was used becomes debt.",
    Reason.NOT_ALLOWED_TO_REFUND: "Only the owner, an admin or an operator refunds.",
    Reason.PURCHASE_DISPUTED: "The bank decides about this charge; wait for the end of the dispute.",
    Reason.REFUND_REJECTED: "The processor did not refund; look at the payment there, then try under a new id.",
    Reason.UNKNOWN_RECALL: "Check the recall id, the purchase and the workspace.",
    Reason.RECALL_NOT_OPEN: "It has been decided already, or decides itself: nothing waits for a person.",
    Reason.GRANT_ID_REUSED: "This id belongs to another grant; choose a new one.",
    Reason.CORRECTION_ID_REUSED: "This id belongs to another correction; choose a new one.",
    Reason.OPERATOR_LIMIT_REACHED: "Grant less, or have the limit for operators raised where it is set.",
    Reason.NOTHING_TO_CORRECT: "The account has not as much; look at it with `refill explain`.",
    Reason.RECONCILIATION_ID_REUSED: "This id belongs to another reconciliation; choose a new one.",
    Reason.SINCE_OUT_OF_BOUNDS: "Name an instant of the last 90 days: what is older no restore can bring up.",
    Reason.REVIEW_ID_REUSED: "This id belongs to another review; choose a new one.",
    Reason.PAYMENT_NOT_PARKED: "It waits for nobody: read the purchase's status.",
    Reason.PAYMENT_MAY_STILL_COME: "Wait until the time that is given: the processor still knows the payment's key.",
    Reason.PAYMENT_IS_THERE: "The processor has it: cancel or refund it there, then have it looked up again.",
    Reason.UNKNOWN_NOTICE: "Check the notice ids and the person; a person marks the own notices only.",
    Reason.UNSUBSCRIBE_LINK_INVALID: "Use the link of the latest email, or sign in and change it there.",
}
