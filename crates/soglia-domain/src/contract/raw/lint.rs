//! Remarks on a contract that can be used but will be disputed. Read [`warnings`] first.

use jiff::civil::Date;

use crate::contract::{Contract, Indicator, RoleAssignment, RuleVersion, Service, Warning};
use crate::ratio::{Ratio, Rounding};
use crate::rule::{
    Boundary, Clock, Denominator, IvrContained, Limit, Rule, SecondLevelWithinDenominator,
};
use crate::text::Text;
use crate::verdict::{Bound, Compare, TargetDirection};

/// Collects the remarks, in the contract's order.
pub(super) fn warnings(contract: &Contract) -> Vec<Warning> {
    let mut warnings = roles(&contract.roles);
    for service in &contract.services {
        warnings.extend(queues(service));
        for indicator in &service.indicators {
            for version in &indicator.versions {
                let found = remarks(service, indicator, version);
                warnings.extend(found.into_iter().map(|(code, it, en)| {
                    let at = format!("{}/{} v{}", service.code, indicator.code, version.version);
                    let text = Text::new(&format!("{at}: {it}"), &format!("{at}: {en}"));
                    Warning { code, text }
                }));
            }
        }
    }
    warnings
}

/// Roles that the law keeps apart in most contracts (finding N16).
fn roles(roles: &[RoleAssignment]) -> Vec<Warning> {
    let kept_apart = ["rup", "dec", "monitoring_manager"];
    let held: Vec<&RoleAssignment> =
        roles.iter().filter(|role| kept_apart.contains(&role.role.as_str())).collect();
    let mut seen: Vec<&str> = Vec::new();
    let mut warnings = Vec::new();
    for role in &held {
        if seen.contains(&role.person.as_str()) {
            continue;
        }
        seen.push(&role.person);
        let mut codes: Vec<&str> = held
            .iter()
            .filter(|other| other.person == role.person)
            .filter(|other| other.role == role.role || same_days(other, role))
            .map(|other| other.role.as_str())
            .collect();
        codes.dedup();
        if 1 < codes.len() {
            let (person, codes) = (&role.person, codes.join(", "));
            warnings.push(Warning {
                code: "W-ROLES",
                text: Text::new(
                    &format!(
                        "{person} ricopre insieme i ruoli {codes}: di norma sono separati \
                         (all. I.2 art. 8 e all. II.14 art. 32 D.Lgs. 36/2023), verificare"
                    ),
                    &format!(
                        "{person} holds the roles {codes} at once: they are normally separate \
                         (annexes I.2 art. 8 and II.14 art. 32 of D.Lgs. 36/2023), please check"
                    ),
                ),
            });
        }
    }
    warnings
}

fn same_days(a: &RoleAssignment, b: &RoleAssignment) -> bool {
    let before = |until: Option<Date>, from: Option<Date>| match (until, from) {
        (Some(until), Some(from)) => until <= from,
        _ => false,
    };
    !before(a.valid_until, b.valid_from) && !before(b.valid_until, a.valid_from)
}

fn queues(service: &Service) -> Option<Warning> {
    let looks_at_calls = service
        .indicators
        .iter()
        .flat_map(|indicator| &indicator.versions)
        .any(|version| version.call_population().is_some());
    let none = service.queues.is_empty() && service.numbers.is_empty();
    let code = &service.code;
    (looks_at_calls && none).then(|| Warning {
        code: "W-QUEUES",
        text: Text::new(
            &format!("{code}: ha indicatori sulle chiamate ma nessuna coda né numero"),
            &format!("{code}: has indicators on calls but no queue and no number"),
        ),
    })
}

type Remark = (&'static str, &'static str, &'static str);

fn remarks(service: &Service, indicator: &Indicator, version: &RuleVersion) -> Vec<Remark> {
    let mut found: Vec<Remark> = Vec::new();
    let population = version.call_population();
    if population.is_some_and(|p| p.ivr_contained == IvrContained::AnsweredAtOnce) {
        found.push((
            "W-IVR",
            "le chiamate risolte dall'IVR contano come risposte in 0 s: la quota si gonfia",
            "calls that the IVR answered count as answered in 0 s: the share is inflated",
        ));
    }
    if limit(&version.rule).is_some_and(|limit| limit.boundary == Boundary::Exclusive)
        || !version.target.inclusive
    {
        found.push((
            "W-BOUNDARY",
            "il limite o il valore di soglia non è incluso: chi lo raggiunge esattamente non \
             lo rispetta",
            "the limit or the target is not included: reaching it exactly is not enough",
        ));
    }
    if says_working_hours(indicator) && !in_working_hours(service, &version.rule) {
        found.push((
            "W-HOURS",
            "il testo parla di ore lavorative, ma la regola conta tutte le ore",
            "the text speaks of working hours, but the rule counts every hour",
        ));
    }
    if hides_failures(&version.rule) {
        found.push((
            "W-DENOMINATOR",
            "il denominatore lascia fuori ciò che non ha avuto risposta o soluzione",
            "the denominator leaves out what was never answered or resolved",
        ));
    }
    if has_wrong_direction(version) {
        found.push((
            "W-DIRECTION",
            "il verso della soglia è insolito per questa misura",
            "the direction of the target is unusual for this measure",
        ));
    }
    if let (Compare::Rounded(rounding), Bound::Share(bound)) =
        (version.compare, version.target.bound)
        && is_coarse(rounding, bound)
    {
        found.push((
            "W-ROUNDING",
            "il valore confrontato è arrotondato a meno cifre della soglia: un valore appena \
             sotto può risultare raggiunto",
            "what is compared is rounded to fewer digits than the target has: a value just \
             below may pass",
        ));
    }
    found
}

/// The limit of a rule that has one.
pub(super) fn limit(rule: &Rule) -> Option<Limit> {
    match rule {
        Rule::AnsweredWithin(rule) => Some(rule.limit),
        Rule::RepliedWithin(rule) => Some(rule.limit),
        Rule::HandledWithin(rule) => Some(rule.limit),
        Rule::SecondLevelWithin(rule) => Some(rule.limit),
        _ => None,
    }
}

fn says_working_hours(indicator: &Indicator) -> bool {
    let texts = [Some(&indicator.objective), Some(&indicator.name), indicator.process.as_ref()];
    texts.into_iter().flatten().any(|text| {
        let text = format!("{} {}", text.it, text.en.as_deref().unwrap_or_default());
        let text = text.to_lowercase();
        text.contains("lavorativ") || text.contains("working")
    })
}

fn in_working_hours(service: &Service, rule: &Rule) -> bool {
    let (clock, calendar) = match rule {
        Rule::RepliedWithin(rule) => (rule.clock, &service.written_calendar),
        Rule::SecondLevelWithin(rule) => (rule.clock, &service.second_level_calendar),
        Rule::SecondLevelResolved(rule) => (rule.clock, &service.second_level_calendar),
        Rule::BatchTurnaround(rule) => (rule.clock, &service.outbound_calendar),
        _ => return true,
    };
    let always = calendar.versions().iter().all(|version| {
        version.weekly.iter().all(|slots| match slots.as_slice() {
            [slot] => slot.open() == 0 && slot.close() == 24 * 60,
            _ => false,
        })
    });
    clock == Clock::ServiceHours && !always
}

fn hides_failures(rule: &Rule) -> bool {
    match rule {
        Rule::AnsweredWithin(rule) => rule.denominator == Denominator::Answered,
        Rule::SecondLevelWithin(rule) => rule.denominator == SecondLevelWithinDenominator::Resolved,
        _ => false,
    }
}

fn has_wrong_direction(version: &RuleVersion) -> bool {
    let usual = match version.rule {
        Rule::Lost(_) | Rule::BatchTurnaround(_) => TargetDirection::AtMost,
        _ => TargetDirection::AtLeast,
    };
    matches!(version.target.bound, Bound::Share(_)) && version.target.direction != usual
}

/// Whether rounding loses digits that the bound has, or turns 99.83 % into a bound of 100 %.
fn is_coarse(rounding: Rounding, bound: Ratio) -> bool {
    rounding.decimals < 2 || {
        let unit = 100 * 10_u128.pow(u32::from(rounding.decimals));
        !(u128::from(bound.num()) * unit).is_multiple_of(u128::from(bound.den()))
    }
}
