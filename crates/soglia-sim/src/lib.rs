//! What a change would do, before it is made. Six groups:
//!
//! * **formulas** — [`erlang`]: one kind of operators, steady load, answers at once;
//! * **simulation** — [`centre::Centre`]: queues, skills, hours, people;
//!   [`table::CallTable`]: the calls, generated or from a [`trace`];
//!   [`engine::Plan`]: what becomes of them; [`tally`] and
//!   [`replicate`](mod@replicate): how much that is, and how sure;
//! * **learning** — [`learn`]: arrivals, handling, patience, redials and operators from recorded
//!   calls;
//! * **what-if** — [`week::Week`]: a recorded or a drawn week; [`replay`]: whether weeks come out
//!   as they did; [`scenario`]: a change; [`whatif`]: what it does to the [`indicator`]s;
//! * **planning** — [`forecast`](mod@forecast): how many calls will come; [`projection`]: what a
//!   running period still needs; [`staffing`]: how many operators, in which shifts;
//! * **what all stand on** — [`distribution`], [`random`], [`num`].
//!
//! Nothing here reads the clock, the environment, a file or a random source: seeds and numbers of
//! threads are arguments, and the same arguments give the same bits on every machine.

pub mod centre;
pub mod distribution;
pub mod engine;
pub mod erlang;
pub mod forecast;
pub mod indicator;
pub mod learn;
pub mod num;
pub mod projection;
pub mod random;
pub mod replay;
pub mod replicate;
pub mod scenario;
pub mod staffing;
pub mod table;
pub mod tally;
pub mod trace;
pub mod week;
pub mod whatif;
