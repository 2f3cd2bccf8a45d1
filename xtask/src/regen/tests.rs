//! Small documents that each hold one thing: it comes out, or it is refused with the place and the remedy.

use super::*;
