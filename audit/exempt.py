"""The tables of ours that no row trigger watches, each with its reason. The list is short on purpose."""

EXEMPT = {
    "supervision_importprogress": "How far a running import is: changes every second and says nothing about the data.",
    "accounts_keptanswer": "Repeats for a week what a program was answered; what that did is in the trail by itself.",
    "audit_event": "It is the trail. Append-only by trigger, and sealed.",
    "audit_leaf": "Seals the trail: derived from events, append-only, and signed through the checkpoints.",
    "audit_checkpoint": "Seals the trail: signed with a key outside the database, and append-only.",
    "audit_epoch": "Where the trail has lived; read by the sealer, append-only.",
}
