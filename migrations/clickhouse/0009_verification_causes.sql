-- What extrinsics moved after the coinbase and the epochs of their block, as the verification lane met it.

CREATE TABLE IF NOT EXISTS {database}.verification_causes {on_cluster}
(
    block_number UInt64 COMMENT 'Block.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(Delta, ZSTD(1)),
    lane LowCardinality(String) COMMENT 'epoch: results and payments of an epoch. emission: amounts of the coinbase.',
    field LowCardinality(String) COMMENT 'The storage item that was moved, e.g. TotalHotkeyAlpha or SubnetTAO.',
    cause LowCardinality(String) COMMENT 'The event or call that moved it, e.g. StakeAdded or NeuronRegistered.',
    treatment LowCardinality(String) COMMENT 'traced: its amount is known, and with it the stored number is equal. excused: its amount is not known, or it rewrote the number, which is not compared further.',
    numbers UInt32 COMMENT 'Numbers of the item that it moved; one that several moved counts with each.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, netuid, lane, field, cause, treatment)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Why stored numbers are not what coinbase and epochs left, by cause. One row a block, subnet, lane, item, cause and treatment.';

ALTER TABLE {database}.emission_verifications {on_cluster}
    COMMENT COLUMN verdict 'verified: what the coinbase alone writes is equal, and so are the reserves, but for what extrinsics moved of these without amounts (counted in fields_excused). excused, differs or cannot_say as in epoch_verifications.';

ALTER TABLE {database}.emission_verifications {on_cluster}
    COMMENT COLUMN fields_checked 'Stored amounts compared with recomputed ones, reserves of the pool among them.';

ALTER TABLE {database}.emission_verifications {on_cluster}
    ADD COLUMN IF NOT EXISTS chain_buy_rao Nullable(UInt64) COMMENT 'TAO for which the chain buys alpha of the subnet, rao, as recomputed: what the cap on injected alpha keeps out of the pool; 0 where the subnet receives no emission, NULL where nothing can be said.' CODEC(ZSTD(1)) AFTER alpha_out_rao;

ALTER TABLE {database}.rolled_up_windows {on_cluster}
    ADD COLUMN IF NOT EXISTS lane LowCardinality(String) DEFAULT 'state' COMMENT 'The lane that read the range: state or verification.';

ALTER TABLE {database}.root_claims {on_cluster}
    COMMENT COLUMN source 'owed: what was owed by rate and root stake in the state of the parent block, and the growth of RootClaimed bears it out. Where the hotkey had several claims in the block that were swapped, each adds to the stake that the next is reckoned from, and the amount may be a few rao less than what was claimed. delta: the growth of RootClaimed over the block, less what the change of the root stake itself adds.';

ALTER TABLE {database}.stake_moves {on_cluster}
    COMMENT COLUMN alpha_rao 'Alpha, alpha-rao: what was received (stake_added), what was given (stake_removed; fee included up to spec 393, without the fee from 401 on, where the fee is sold for the author of the block), recycled or burned. On root alpha is TAO. NULL where the event has none.';
