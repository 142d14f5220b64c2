//! What the invented traffic looks like: services, queues, loads, distributions. Read [`Plan`].
//!
//! Everything here is made up; only the counts in [`Counts`] are chosen so that the indicators come
//! out as in the reference report.

/// One of the two services.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    /// Health bookings.
    Cup,
    /// Help desk of the online services.
    Cc,
}

/// The counts that a service's data reach exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Calls that asked for an operator in opening hours.
    pub offered: i64,
    /// Of these, lost: abandoned, timed out, queue emptied, queue full.
    pub lost: i64,
    /// Answered within 20 s of entering the first queue.
    pub prompt: i64,
    /// First-contact calls within the service's talk limit.
    pub brief: i64,
    /// Cases handed to the second level.
    pub escalated: i64,
    /// Of these, resolved and closed, all within four service hours.
    pub resolved: i64,
}

impl Counts {
    /// Calls answered in opening hours; each has one case.
    #[cfg(test)]
    pub const fn answered(&self) -> i64 {
        self.offered - self.lost
    }
}

/// A service as the demo plays it.
#[derive(Debug)]
pub struct Plan {
    /// Which one.
    pub service: Service,
    /// Its code.
    pub code: &'static str,
    /// The number that citizens dial.
    pub number: &'static str,
    /// The limit of a first-contact conversation, in seconds.
    pub talk_limit: i64,
    /// Number of the first operator; it belongs to the shift leader.
    pub first_operator: u32,
    /// Queues; the first takes callers who choose nothing.
    pub queues: &'static [QueuePlan],
    /// Load of the days Monday to Friday.
    pub weekdays: [i64; 5],
    /// Load of the months July to December.
    pub months: [i64; 6],
    /// Load of the half-hours from 08:00.
    pub half_hours: [i64; 22],
    /// Operators for the load of each half-hour, in permille of an even share: the floor cannot
    /// follow the peaks.
    pub cover: [i64; 22],
    /// Quantiles of the conversation, in seconds.
    pub talk: &'static [(i64, i64)],
    /// Length of conversations in the months July to December, in permille.
    pub talk_trend: [i64; 6],
    /// Quantiles of callers' patience, in seconds.
    pub patience: &'static [(i64, i64)],
    /// Where the search for a staffing that gives the counts starts, in permille of the load.
    pub staffing: i64,
    /// Operators on duty at least.
    pub least_staff: usize,
    /// Where the search for the callers' patience starts, in permille.
    pub patience_scale: i64,
    /// Waiting callers after whom a queue turns others away.
    pub room: usize,
}

/// A queue.
#[derive(Debug)]
pub struct QueuePlan {
    /// Its name in the PBX.
    pub name: &'static str,
    /// The key that leads to it in the menu.
    pub key: &'static str,
    /// Share of the service's calls, and of its Monday-morning calls.
    pub share: (i64, i64),
    /// Seconds by which its callers are served ahead of the others.
    pub head_start: i64,
    /// Longest wait, in seconds.
    pub timeout: i64,
    /// Where callers go after the longest wait; `None`: the PBX hangs up.
    pub overflow: Option<usize>,
    /// The extension for transfers into it.
    pub extension: &'static str,
    /// What people call about, in the contract's codes.
    pub topics: &'static [(i64, &'static str)],
    /// Priority classes of their prescriptions.
    pub classes: &'static [(i64, &'static str)],
}

/// Health bookings: eight to ten and Monday mornings carry the load.
pub const CUP: Plan = Plan {
    service: Service::Cup,
    code: "cup",
    number: "08005550101",
    talk_limit: 240,
    first_operator: 2100,
    queues: &[
        QueuePlan {
            name: "cup_prenotazione",
            key: "1",
            share: (58, 55),
            head_start: 0,
            timeout: 900,
            overflow: None,
            extension: "7101",
            topics: &[(88, "booking"), (10, "rebooking"), (2, "complaint")],
            classes: &[(52, "D"), (48, "P")],
        },
        QueuePlan {
            name: "cup_priorita",
            key: "2",
            share: (14, 27),
            head_start: 60,
            timeout: 240,
            overflow: Some(0),
            extension: "7102",
            topics: &[(1, "priority")],
            classes: &[(28, "U"), (72, "B")],
        },
        QueuePlan {
            name: "cup_informazioni",
            key: "3",
            share: (16, 10),
            head_start: 0,
            timeout: 900,
            overflow: None,
            extension: "7103",
            topics: &[(97, "information"), (3, "complaint")],
            classes: &[(1, "")],
        },
        QueuePlan {
            name: "cup_disdette",
            key: "4",
            share: (12, 8),
            head_start: 0,
            timeout: 900,
            overflow: None,
            extension: "7104",
            topics: &[(70, "cancellation"), (30, "rebooking")],
            classes: &[(1, "")],
        },
    ],
    weekdays: [150, 104, 98, 92, 84],
    months: [96, 62, 112, 114, 112, 88],
    half_hours: [
        118, 104, 92, 78, 58, 52, 48, 46, 40, 36, 30, 26, 26, 28, 30, 28, 26, 24, 20, 18, 14, 12,
    ],
    cover: [
        900, 895, 900, 925, 1010, 1040, 1050, 1070, 1100, 1140, 1190, 1230, 1220, 1190, 1160, 1170,
        1190, 1210, 1250, 1290, 1350, 1380,
    ],
    talk: &[
        (0, 18),
        (50, 55),
        (200, 105),
        (400, 158),
        (600, 214),
        (750, 285),
        (850, 366),
        (930, 530),
        (980, 800),
        (1000, 1750),
    ],
    talk_trend: [930, 950, 985, 1010, 1040, 1070],
    patience: &[
        (0, 4),
        (60, 25),
        (180, 75),
        (350, 150),
        (550, 280),
        (750, 480),
        (900, 800),
        (1000, 1800),
    ],
    staffing: 1172,
    least_staff: 2,
    patience_scale: 850,
    room: 18,
};

/// The help desk: steady, and busier from October because of a bonus.
pub const CC: Plan = Plan {
    service: Service::Cc,
    code: "cc",
    number: "08005550102",
    talk_limit: 540,
    first_operator: 3100,
    queues: &[
        QueuePlan {
            name: "cc_assistenza",
            key: "1",
            share: (25, 25),
            head_start: 0,
            timeout: 600,
            overflow: None,
            extension: "7201",
            topics: &[(1, "other")],
            classes: &[(1, "")],
        },
        QueuePlan {
            name: "cc_pec",
            key: "2",
            share: (30, 30),
            head_start: 0,
            timeout: 600,
            overflow: None,
            extension: "7202",
            topics: &[(75, "pec_activation"), (25, "pec_client")],
            classes: &[(1, "")],
        },
        QueuePlan {
            name: "cc_firma",
            key: "3",
            share: (21, 21),
            head_start: 0,
            timeout: 600,
            overflow: None,
            extension: "7203",
            topics: &[(62, "remote_signature"), (38, "token_signature")],
            classes: &[(1, "")],
        },
        QueuePlan {
            name: "cc_spid",
            key: "4",
            share: (24, 24),
            head_start: 0,
            timeout: 600,
            overflow: None,
            extension: "7204",
            topics: &[(1, "spid")],
            classes: &[(1, "")],
        },
    ],
    weekdays: [118, 104, 98, 94, 86],
    months: [100, 70, 100, 138, 138, 124],
    half_hours: [
        44, 58, 66, 68, 66, 62, 58, 54, 46, 38, 32, 32, 38, 44, 48, 48, 44, 38, 32, 26, 20, 14,
    ],
    cover: [1000; 22],
    talk: &[
        (0, 25),
        (100, 80),
        (300, 140),
        (500, 205),
        (700, 285),
        (850, 370),
        (950, 455),
        (1000, 532),
    ],
    talk_trend: [1000; 6],
    patience: &[(0, 8), (100, 22), (400, 60), (700, 150), (1000, 600)],
    staffing: 2560,
    least_staff: 5,
    patience_scale: 775,
    room: 40,
};

/// Share of the help desk's calls from October on that are about the bonus, in permille: what makes
/// the volume grow by about 35 %.
pub const BONUS_PERMILLE: i64 = 259;
/// The topic of those calls.
pub const BONUS_TOPIC: &str = "energy_bonus";

/// Booking systems in use, with their share in July and in December: the old one goes out of use.
pub const SYSTEMS: [(i64, i64, &str); 3] =
    [(50, 68, "prenota2"), (22, 8, "storico"), (28, 24, "prenota2+storico")];
/// How much longer a booking takes in two systems, in permille.
pub const TWO_SYSTEMS: i64 = 1340;
