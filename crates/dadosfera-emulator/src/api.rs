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

impl Api {
    /// Lets it behave otherwise; the mutation stays that of the start, since the state was made with it.
    pub(crate) fn set_options(&mut self, options: Options) {
        let mutation = self.options.mutation;
        self.options = options;
        self.options.mutation = mutation;
    }
}
