-- Rollups of the market: made of the state lane's tables, rebuildable at any time (`Warehouse::roll_up`). A row is replaced
-- by one of a higher version; read them with FINAL.

CREATE TABLE IF NOT EXISTS {database}.subnet_hours {on_cluster}
(
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    start_ms UInt64 COMMENT 'Start of the period, milliseconds since the Unix epoch; UTC.' CODEC(Delta, ZSTD(1)),
    registered_at Nullable(UInt64) COMMENT 'Block in which the subnet was registered: a period in which a netuid changed hands has a row for each subnet. NULL where the chain does not say.' CODEC(Delta, ZSTD(1)),
    first_block UInt64 COMMENT 'First block of the period whose state was read.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the period whose state was read.' CODEC(Delta, ZSTD(1)),
    reads UInt64 COMMENT 'Blocks of the period whose state was read. Sums over blocks are over these.' CODEC(Delta, ZSTD(1)),
    open_bits Nullable(UInt128) COMMENT 'Price after the first block read, U96F32: value times 2^32.' CODEC(ZSTD(1)),
    high_bits Nullable(UInt128) COMMENT 'Highest price after a block.' CODEC(ZSTD(1)),
    low_bits Nullable(UInt128) COMMENT 'Lowest price after a block.' CODEC(ZSTD(1)),
    close_bits Nullable(UInt128) COMMENT 'Price after the last block read.' CODEC(ZSTD(1)),
    moving_price_bits Nullable(Int128) COMMENT 'Moving price after the last block read, I96F32: value times 2^32.' CODEC(ZSTD(1)),
    tao_in_rao Nullable(UInt64) COMMENT 'TAO in the pool after the last block read, rao.' CODEC(Delta, ZSTD(1)),
    alpha_in_rao Nullable(UInt64) COMMENT 'Alpha in the pool after the last block read, alpha-rao.' CODEC(Delta, ZSTD(1)),
    alpha_out_rao Nullable(UInt64) COMMENT 'Alpha outside the pool after the last block read, alpha-rao.' CODEC(Delta, ZSTD(1)),
    turnover_rao Nullable(UInt128) COMMENT 'SubnetVolume after the last block read: TAO traded since registration, rao.' CODEC(ZSTD(1)),
    traded_rao Nullable(UInt128) COMMENT 'TAO traded in the period, both directions, users and chain, rao: how much SubnetVolume grew since the last block read before, if that is less than an hour older; NULL otherwise.' CODEC(ZSTD(1)),
    buy_rao UInt128 COMMENT 'TAO that users paid for alpha, fees included, rao. Source: stake_moves.volume_rao of side buy.' CODEC(ZSTD(1)),
    sell_rao UInt128 COMMENT 'TAO that users received for alpha, rao. Source: stake_moves.volume_rao of side sell.' CODEC(ZSTD(1)),
    buys UInt64 COMMENT 'Events of side buy.' CODEC(Delta, ZSTD(1)),
    sells UInt64 COMMENT 'Events of side sell.' CODEC(Delta, ZSTD(1)),
    registrations UInt64 COMMENT 'Neurons registered. Source: registrations.' CODEC(Delta, ZSTD(1)),
    registration_rao UInt128 COMMENT 'What they cost, where that is known, rao. Source: registrations.cost_rao.' CODEC(ZSTD(1)),
    root_sale_rao Nullable(UInt128) COMMENT 'TAO for which alpha of root stakers was sold, rao. Source: SubnetRootSellTao, before that item root_claims.tao_rao; NULL where neither tells.' CODEC(ZSTD(1)),
    chain_buy_rao Nullable(UInt128) COMMENT 'TAO for which the chain bought alpha, rao. Source: SubnetExcessTao; NULL where the runtime has no such item.' CODEC(ZSTD(1)),
    tao_in_emission_rao Nullable(UInt128) COMMENT 'TAO injected into the pool by emission, rao: sum of SubnetTaoInEmission over the blocks read.' CODEC(ZSTD(1)),
    alpha_in_emission_rao Nullable(UInt128) COMMENT 'Alpha injected into the pool, alpha-rao: sum of SubnetAlphaInEmission.' CODEC(ZSTD(1)),
    alpha_out_emission_rao Nullable(UInt128) COMMENT 'Alpha emitted to participants, alpha-rao: sum of SubnetAlphaOutEmission.' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of rows of the same subnet and start the one of the highest version counts.' CODEC(Delta, ZSTD(1)),
    is_deleted UInt8 COMMENT '1 takes the row away: the period has no blocks any more.' CODEC(ZSTD(1))
)
ENGINE = {replacing_merge_tree}(version, is_deleted)
PARTITION BY intDiv(start_ms, 31536000000)
ORDER BY (netuid, start_ms, ifNull(registered_at, 0))
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Market and emission of each subnet by hour. One row a subnet and hour in which its state was read; made of subnet_state, stake_moves, registrations and root_claims. Read with FINAL.';

CREATE TABLE IF NOT EXISTS {database}.subnet_days {on_cluster} AS {database}.subnet_hours
ENGINE = {replacing_merge_tree}(version, is_deleted)
PARTITION BY intDiv(start_ms, 31536000000)
ORDER BY (netuid, start_ms, ifNull(registered_at, 0))
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'The same by day, UTC: made of subnet_hours. Read with FINAL.';

CREATE TABLE IF NOT EXISTS {database}.rolled_up_windows {on_cluster}
(
    first_block UInt64 COMMENT 'First block of the range.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the range.' CODEC(Delta, ZSTD(1)),
    generation UInt32 COMMENT 'Generation of the state lane that read it.' CODEC(Delta, ZSTD(1)),
    rolled_up_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (first_block, last_block, generation)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Rows of state_windows whose hours and days are rolled up. Append-only, written after them: a cut-off rollup is done again.';
