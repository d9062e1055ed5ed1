//! One turn of a conversation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use spanwise::{
    Agent, Cost, CostSource, Currency, Decimal, Embeddings, FutureExt as _, Generation,
    GuardVerdict, Provider, Step, Tool, Usage, Workflow, cache_hit, cache_miss, cache_put,
    check_budgets, checklist, evaluation, fell_back, guard_checked, rate_limited, retried, routed,
    scope, validation,
};

use crate::budgets::TRIAL;
use crate::done::{Done, Worked};

struct Model {
    provider: Provider,
    name: &'static str,
    milliseconds: u64,
    /// Of a token, in millionths of a dollar for a thousand.
    prices: (u64, u64),
}

const MODELS: [Model; 4] = [
    Model { provider: Provider::OpenAi, name: "gpt-4o", milliseconds: 220, prices: (2500, 10_000) },
    Model { provider: Provider::OpenAi, name: "gpt-4o-mini", milliseconds: 90, prices: (150, 600) },
    Model {
        provider: Provider::Anthropic,
        name: "claude-sonnet-4",
        milliseconds: 280,
        prices: (3000, 15_000),
    },
    Model {
        provider: Provider::GcpGemini,
        name: "gemini-2.5-flash",
        milliseconds: 70,
        prices: (300, 2500),
    },
];

const AGENTS: [&str; 3] = ["triage", "writer", "researcher"];
const TOOLS: [&str; 4] = ["lookup_order", "search_web", "send_mail", "calculate"];
const FAILURES: [&str; 3] = ["timeout", "rate_limited", "context_length_exceeded"];

type Shared = Arc<Mutex<Done>>;

fn with(done: &Shared, tell: impl FnOnce(&mut Done)) {
    tell(&mut done.lock().unwrap_or_else(PoisonError::into_inner));
}

impl Done {
    /// One call of an agent to a model for a user.
    fn called(&mut self, agent: &str, model: &Model, user: &str, worked: &Worked) {
        self.models.entry(model.name.into()).or_default().add(worked);
        self.providers.entry(model.provider.as_str().into()).or_default().add(worked);
        self.users.entry(user.into()).or_default().add(worked);
        self.count("calls of agents", agent);
    }
}

/// One in so many.
fn one_in(random: &mut Rng, many: u64) -> bool {
    random.u64(0..many) == 0
}

async fn pause(random: &mut Rng, milliseconds: u64) {
    // Most are quick, and a few are not.
    let stretch = 0.4 + 2.6 * random.f64().powi(3);
    tokio::time::sleep(Duration::from_secs_f64(milliseconds as f64 * stretch / 1000.0)).await;
}

pub(crate) async fn turn(number: u64, mut random: Rng, done: Shared) {
    let user = format!("u-{}", random.u8(0..6));
    let mut whose = scope().session(format!("s-{}", number / 3)).user(user.clone()).tag("load");
    if number.is_multiple_of(20) {
        whose = whose.tag(TRIAL);
    }
    whose
        .run(async {
            let workflow = Workflow::new("handle_ticket").start();
            async {
                recall(&mut random, &done).in_operation(&workflow).await;
                answer(&mut random, &done, &user).in_operation(&workflow).await
            }
            .await;
            let abandoned = one_in(&mut random, 40);
            with(&done, |done| done.workflows.add(&Worked::once(abandoned)));
            if abandoned {
                workflow.fail_with("abandoned", "the customer left");
            } else {
                workflow.finish();
            }
        })
        .await;
}

/// Finds what is known about similar questions.
async fn recall(random: &mut Rng, done: &Shared) {
    let step = Step::new("recall").start();
    async {
        if one_in(random, 3) {
            cache_hit("question");
            with(done, |done| done.count("cache", "hit"));
            return;
        }
        cache_miss("question");
        with(done, |done| done.count("cache", "miss"));
        let embeddings = Embeddings::new(Provider::OpenAi, "text-embedding-3-small").start();
        pause(random, 15).await;
        embeddings.input_tokens(random.u64(5..60));
        embeddings.finish();
        cache_put("question", 6144);
    }
    .in_operation(&step)
    .await;
    step.finish();
}

async fn answer(random: &mut Rng, done: &Shared, user: &str) {
    let name = AGENTS[random.usize(0..AGENTS.len())];
    let agent = Agent::new(name).start();
    let answered = async {
        let (verdict, guarded) = if one_in(random, 50) {
            (GuardVerdict::Blocked, "injection blocked")
        } else {
            (GuardVerdict::Passed, "injection passed")
        };
        guard_checked("injection", verdict);
        let mut model = &MODELS[random.usize(0..MODELS.len())];
        routed("models", model.name);
        with(done, |done| {
            done.count("guards", guarded);
            done.count("routers", &format!("models: {}", model.name));
        });
        for round in 0..random.u32(1..4) {
            if !ask(random, done, (name, model, user)).await {
                retried(round + 2, "timeout");
                model = &MODELS[1];
                fell_back(model.name, round + 2, "timeout");
                with(done, |done| {
                    done.count("again", "retries");
                    done.count("again", "fallbacks");
                });
                if !ask(random, done, (name, model, user)).await {
                    return false;
                }
            }
            if one_in(random, 2) {
                run_tool(random, done, name).await;
            }
        }
        let valid = !one_in(random, 20);
        validation("has_answer", valid);
        with(done, |done| {
            let outcome = if valid { "has_answer passed" } else { "has_answer failed" };
            done.count("validations", outcome);
        });
        checklist("tone", random.u32(6..=10), 10);
        evaluation("relevance").score(0.5 + random.f64() / 2.0).emit();
        true
    }
    .in_operation(&agent)
    .await;
    if one_in(random, 8) {
        agent.retried("no answer");
        with(done, |done| done.count("retries of agents", name));
    }
    if answered {
        agent.finish();
    } else {
        agent.fail_with("no_answer", "two models failed");
    }
    with(done, |done| done.agents.entry(name.into()).or_default().add(&Worked::once(!answered)));
}

/// Whether it answered.
async fn ask(random: &mut Rng, done: &Shared, (agent, model, user): (&str, &Model, &str)) -> bool {
    let Model { provider, name, milliseconds, prices } = model;
    let (streams, fails) = (one_in(random, 2), one_in(random, 12));
    let usage = (random.u64(50..2000), random.u64(5..400));
    let generation =
        Generation::chat(provider.clone(), *name).server("models.internal", 443).start();
    if let Err(exceeded) = check_budgets(&generation.context()) {
        generation.fail(&exceeded);
        with(done, |done| {
            *done.refused.entry(exceeded.budget().to_owned()).or_default() += 1;
            done.called(agent, model, user, &Worked::once(true));
            done.count("failures", "budget_exceeded");
        });
        return false;
    }
    if streams && !fails {
        pause(random, milliseconds / 2).await;
        for _ in 0..random.u32(3..12) {
            generation.chunk(|response| response.text("word "));
            pause(random, 8).await;
        }
    } else {
        pause(random, *milliseconds).await;
    }
    let mut worked = Worked::once(fails);
    if fails {
        let kind = FAILURES[random.usize(0..FAILURES.len())];
        if kind == "rate_limited" {
            rate_limited(provider.clone(), *name, Some(Duration::from_secs(1)));
            with(done, |done| done.count("limits", provider.as_str()));
        }
        generation.fail_with(kind, "as loads go");
        with(done, |done| done.count("failures", kind));
    } else {
        let (input, output) = usage;
        let micros = (input * prices.0 + output * prices.1) / 1000;
        generation.usage(Usage::new(input, output).cache_read(input / 3).reasoning(output / 5));
        let amount = Decimal::new(micros as i64, 6);
        generation.cost(Cost::new(amount, Currency::USD, CostSource::Own));
        generation.finish();
        worked.streamed = u64::from(streams);
        (worked.input_tokens, worked.output_tokens, worked.cost_micros) = (input, output, micros);
        (worked.cached_tokens, worked.reasoning_tokens) = (input / 3, output / 5);
    }
    with(done, |done| done.called(agent, model, user, &worked));
    !fails
}

async fn run_tool(random: &mut Rng, done: &Shared, agent: &str) {
    let name = TOOLS[random.usize(0..TOOLS.len())];
    let tool = Tool::new(name).start();
    pause(random, 40).await;
    let fails = one_in(random, 10);
    if fails {
        tool.fail_with("unreachable", "as tools do");
    } else {
        tool.finish();
    }
    with(done, |done| {
        done.tools.entry(name.into()).or_default().add(&Worked::once(fails));
        done.count("tools of agents", agent);
    });
}
