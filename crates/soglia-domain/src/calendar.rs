//! Service calendars: when a service is open, and arithmetic on its hours. Read
//! [`ServiceCalendar`] first.
