//! The raw OpenTelemetry SDK: the same spans and metrics, written out by hand.

use std::time::Instant;

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::trace::{FutureExt as _, Span, SpanKind, TraceContextExt as _, Tracer};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use spanwise::semconv::Metric;

use crate::call::{Answer, Call};
use crate::nowhere::Nowhere;

/// Providers as an application makes them: the SDK's batch processor and its periodic reader.
#[derive(Clone, Debug)]
pub(crate) struct Providers {
    pub(crate) tracers: SdkTracerProvider,
    pub(crate) meters: SdkMeterProvider,
    pub(crate) arrived: Nowhere,
}

impl Providers {
    pub(crate) fn new(sampler: Sampler) -> Self {
        let arrived = Nowhere::default();
        Self {
            tracers: SdkTracerProvider::builder()
                .with_sampler(sampler)
                .with_batch_exporter(arrived.clone())
                .build(),
            meters: SdkMeterProvider::builder()
                .with_reader(PeriodicReader::builder(Nowhere::default()).build())
                .build(),
            arrived,
        }
    }
}

/// A tracer and the instruments, made once.
#[derive(Debug)]
pub(crate) struct ByHand<T> {
    tracer: T,
    call_duration: Histogram<f64>,
    input_tokens: Histogram<u64>,
    output_tokens: Histogram<u64>,
    input_used: Counter<u64>,
    output_used: Counter<u64>,
    tool_duration: Histogram<f64>,
    agent_duration: Histogram<f64>,
    agent_calls: Histogram<u64>,
    agent_tools: Histogram<u64>,
    step_duration: Histogram<f64>,
    workflow_duration: Histogram<f64>,
}

impl<T> ByHand<T>
where
    T: Tracer,
    T::Span: Span + Send + Sync + 'static,
{
    pub(crate) fn new(tracer: T, meter: &Meter) -> Self {
        Self {
            tracer,
            call_duration: seconds(meter, Metric::GenAiClientInferenceDuration),
            input_tokens: numbers(meter, Metric::GenAiClientInferenceOperationInputTokens),
            output_tokens: numbers(meter, Metric::GenAiClientInferenceOperationOutputTokens),
            input_used: counter(meter, Metric::GenAiClientInferenceUsageInputTokens),
            output_used: counter(meter, Metric::GenAiClientInferenceUsageOutputTokens),
            tool_duration: seconds(meter, Metric::GenAiExecuteToolDuration),
            agent_duration: seconds(meter, Metric::GenAiInvokeAgentDuration),
            agent_calls: numbers(meter, Metric::GenAiInvokeAgentInferenceCalls),
            agent_tools: numbers(meter, Metric::GenAiInvokeAgentToolCalls),
            step_duration: seconds(meter, Metric::SpanwiseStepDuration),
            workflow_duration: seconds(meter, Metric::GenAiInvokeWorkflowDuration),
        }
    }

    /// A span of 20 attributes that is active during the call, three histograms and two counters.
    pub(crate) fn generation(&self, call: &Call) {
        let started = Instant::now();
        let context = self.start_generation(call);
        let answer = {
            let _active = context.clone().attach();
            call.work()
        };
        self.end_generation(call, answer, &context, started);
    }

    /// The same around a future.
    pub(crate) async fn generation_around_future(&self, call: &Call) {
        let started = Instant::now();
        let context = self.start_generation(call);
        let answer = async { call.work() }.with_context(context.clone()).await;
        self.end_generation(call, answer, &context, started);
    }

    fn start_generation(&self, call: &Call) -> Context {
        let mut attributes = Vec::with_capacity(20);
        attributes.extend([
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", call.model),
            KeyValue::new("server.address", call.server),
            KeyValue::new("server.port", i64::from(call.port)),
            KeyValue::new("gen_ai.request.max_tokens", 1024),
            KeyValue::new("gen_ai.request.temperature", 0.7),
            KeyValue::new("gen_ai.request.top_p", 0.95),
            KeyValue::new("gen_ai.request.frequency_penalty", 0.0),
            KeyValue::new("gen_ai.request.presence_penalty", 0.0),
            KeyValue::new("gen_ai.request.seed", call.seed),
            KeyValue::new("gen_ai.output.type", "text"),
            KeyValue::new("gen_ai.conversation.id", call.conversation.clone()),
        ]);
        if !call.input.is_empty() {
            attributes.push(KeyValue::new("gen_ai.input.messages", json(&call.input)));
        }
        let span = self
            .tracer
            .span_builder(format!("chat {}", call.model))
            .with_kind(SpanKind::Client)
            .with_attributes(attributes)
            .start(&self.tracer);
        Context::current_with_span(span)
    }

    fn end_generation(&self, call: &Call, answer: &Answer, context: &Context, started: Instant) {
        let reasons = vec![StringValue::from(answer.finish_reason.clone())];
        let span = context.span();
        span.set_attributes([
            KeyValue::new("gen_ai.response.id", answer.id.clone()),
            KeyValue::new("gen_ai.response.model", answer.model.clone()),
            KeyValue::new("gen_ai.response.finish_reasons", Value::Array(Array::String(reasons))),
            KeyValue::new("gen_ai.usage.input_tokens", i64::from(answer.input_tokens)),
            KeyValue::new("gen_ai.usage.output_tokens", i64::from(answer.output_tokens)),
            KeyValue::new("openai.response.service_tier", "default"),
            KeyValue::new("spanwise.outcome", "completed"),
        ]);
        if !answer.output.is_empty() {
            span.set_attribute(KeyValue::new("gen_ai.output.messages", json(&answer.output)));
        }
        span.end();
        let attributes = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", call.model),
            KeyValue::new("gen_ai.response.model", answer.model.clone()),
            KeyValue::new("server.address", call.server),
            KeyValue::new("server.port", i64::from(call.port)),
        ];
        self.call_duration.record(started.elapsed().as_secs_f64(), &attributes);
        self.input_tokens.record(answer.input_tokens.into(), &attributes);
        self.output_tokens.record(answer.output_tokens.into(), &attributes);
        self.input_used.add(answer.input_tokens.into(), &attributes);
        self.output_used.add(answer.output_tokens.into(), &attributes);
    }

    /// A span of five attributes, and a histogram.
    pub(crate) fn tool(&self, agent: Option<&'static str>) {
        let started = Instant::now();
        let mut attributes = Vec::with_capacity(5);
        attributes.extend([
            KeyValue::new("gen_ai.operation.name", "execute_tool"),
            KeyValue::new("gen_ai.tool.name", "lookup_order"),
            KeyValue::new("gen_ai.tool.type", "function"),
            KeyValue::new("gen_ai.tool.call.id", "call_17"),
        ]);
        attributes.extend(agent.map(|name| KeyValue::new("gen_ai.agent.name", name)));
        let context = self.start("execute_tool lookup_order", attributes);
        drop(context.clone().attach());
        end(&context);
        let mut attributes = vec![
            KeyValue::new("gen_ai.tool.name", "lookup_order"),
            KeyValue::new("gen_ai.tool.type", "function"),
        ];
        attributes.extend(agent.map(|name| KeyValue::new("gen_ai.agent.name", name)));
        self.tool_duration.record(started.elapsed().as_secs_f64(), &attributes);
    }

    /// An agent in which five model calls and five tools alternate.
    pub(crate) fn agent(&self, call: &Call) {
        let started = Instant::now();
        let attributes = vec![
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.agent.name", "triage"),
            KeyValue::new("gen_ai.request.model", call.model),
        ];
        let context = self.start("invoke_agent triage", attributes);
        {
            let _active = context.clone().attach();
            for _ in 0..5 {
                self.generation(call);
                self.tool(Some("triage"));
            }
        }
        end(&context);
        let name = KeyValue::new("gen_ai.agent.name", "triage");
        let model = KeyValue::new("gen_ai.request.model", call.model);
        self.agent_duration.record(started.elapsed().as_secs_f64(), &[name.clone(), model]);
        self.agent_calls.record(5, std::slice::from_ref(&name));
        self.agent_tools.record(5, std::slice::from_ref(&name));
    }

    /// A workflow of ten steps that do nothing.
    pub(crate) fn workflow(&self) {
        let started = Instant::now();
        let attributes = vec![
            KeyValue::new("gen_ai.operation.name", "invoke_workflow"),
            KeyValue::new("gen_ai.workflow.name", "handle_ticket"),
        ];
        let context = self.start("invoke_workflow handle_ticket", attributes);
        {
            let _active = context.clone().attach();
            (0..10).for_each(|index| self.step(index));
        }
        end(&context);
        let name = KeyValue::new("gen_ai.workflow.name", "handle_ticket");
        self.workflow_duration.record(started.elapsed().as_secs_f64(), &[name]);
    }

    fn step(&self, index: i64) {
        let started = Instant::now();
        let attributes = vec![
            KeyValue::new("spanwise.step.name", "classify"),
            KeyValue::new("spanwise.step.type", "rule"),
            KeyValue::new("spanwise.step.index", index),
        ];
        let context = self.start("step classify", attributes);
        drop(context.clone().attach());
        end(&context);
        let attributes = [
            KeyValue::new("spanwise.step.name", "classify"),
            KeyValue::new("spanwise.step.type", "rule"),
        ];
        self.step_duration.record(started.elapsed().as_secs_f64(), &attributes);
    }

    fn start(&self, name: &'static str, attributes: Vec<KeyValue>) -> Context {
        let builder = self.tracer.span_builder(name).with_attributes(attributes);
        Context::current_with_span(builder.start(&self.tracer))
    }
}

fn end(context: &Context) {
    let span = context.span();
    span.set_attribute(KeyValue::new("spanwise.outcome", "completed"));
    span.end();
}

fn json(messages: &[spanwise::Message]) -> String {
    serde_json::to_string(messages).expect("messages are JSON whatever they hold")
}

fn seconds(meter: &Meter, metric: Metric) -> Histogram<f64> {
    let metric = metric.descriptor();
    let builder = meter.f64_histogram(metric.name).with_unit(metric.unit);
    builder.with_boundaries(metric.boundaries.to_vec()).build()
}

fn numbers(meter: &Meter, metric: Metric) -> Histogram<u64> {
    let metric = metric.descriptor();
    let builder = meter.u64_histogram(metric.name).with_unit(metric.unit);
    builder.with_boundaries(metric.boundaries.to_vec()).build()
}

fn counter(meter: &Meter, metric: Metric) -> Counter<u64> {
    let metric = metric.descriptor();
    meter.u64_counter(metric.name).with_unit(metric.unit).build()
}
