//! The OpenAPI document: made of the handlers of v1, and of nothing else.

use utoipa::{
    OpenApi,
    openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi as Document},
};

use super::{problem::Problem, v1};

/// What no handler says.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags(
        (name = "chain", description = "The log of the chain: blocks and what is in them"),
        (name = "accounts", description = "What accounts did and have"),
        (name = "subnets", description = "Subnets, their markets, their neurons"),
        (name = "validators", description = "Validators and what stake earns with them"),
        (name = "verification", description = "Epochs and emission, replayed and compared with the chain"),
        (name = "service", description = "This instance")
    )
)]
struct Frame;

const ABOUT: &str = "\
A Bittensor chain, block by block, and its markets at any stored block.

- Amounts are strings of digits in rao (10^9 rao are 1 TAO) or alpha-rao; the unit is in the name. Prices and ratios are \
strings with a point. What is not known is null, never 0.
- Lists are paged: pass `next_cursor` as `cursor`, with the same filter and order.
- `at` is any stored block: state is answered as it was after it.
- `as_of` says as of which block an answer holds, `coverage` which blocks of a list's range are missing.
- Refusals are `application/problem+json` (RFC 9457) with a stable `code`.";

/// The document, as at `/api/v1/openapi.json`.
#[must_use]
pub fn document() -> Document {
    let mut document = Frame::openapi();
    let info = InfoBuilder::new()
        .title("Yumascan")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    document.info = info.contact(None::<ContactBuilder>.map(ContactBuilder::build)).build();
    document.merge(v1::router().into_openapi());
    document
}
