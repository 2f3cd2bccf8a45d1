//! What an operation works on: the world, the token key and the options.

use crate::options::Options;
use crate::state::world::World;
use crate::tokens::Tokens;

/// One emulated API, without clock and connections.
pub(crate) struct Api {
    pub(crate) world: World,
    pub(crate) tokens: Tokens,
    pub(crate) options: Options,
}
