//! Bedrock's Converse, by the AWS SDK.

mod document;

use async_trait::async_trait;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::{Blob, event_stream::EventReceiver};
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, ImageBlock,
    ImageFormat, ImageSource, InferenceConfiguration, JsonSchemaDefinition, Message, OutputConfig,
    OutputFormat, OutputFormatStructure, OutputFormatType, SystemContentBlock, TokenUsage, Tool,
    ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolSpecification,
    ToolUseBlock,
};
use aws_sdk_bedrockruntime::{Client, Config};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use openai_client::Error;
use serde_json::json;
use spanwise::{Message as Said, Part, Provider, Response, Usage};
use spanwise_http::{GenAi, GenAiInterceptor};

use self::document::{document, json};
use super::{About, Answer, Api, Chunk};
use crate::turn::{
    self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, TOOL, TOOL_DESCRIPTION, ToolCall,
    Turn,
};

pub(super) struct Bedrock {
    client: Client,
    about: About,
}

impl Bedrock {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let api = provider_server::Api::from_env(provider_server::Provider::BEDROCK).await?;
        let set = |variable, otherwise: &str| {
            std::env::var(variable).unwrap_or_else(|_| otherwise.to_owned())
        };
        let id = set("AWS_ACCESS_KEY_ID", "local");
        let secret = if api.is_local() { "local" } else { api.key() };
        let token = std::env::var("AWS_SESSION_TOKEN").ok();
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(set("AWS_REGION", "us-east-1")))
            .credentials_provider(Credentials::new(id, secret, token, None, "environment"))
            .endpoint_url(api.base_url())
            .http_client(http);
        if hook {
            let genai = GenAi::default().host(api.server().0, "aws.bedrock");
            config = config.interceptor(GenAiInterceptor::new(genai));
        }
        let about = About {
            instructed_apart: true,
            tool_role: "user",
            ..About::new(Provider::AwsBedrock, api.server(), "amazon.nova-lite-v1:0")
        };
        Ok(Self { client: Client::from_conf(config.build()), about })
    }

    fn model(&self, turn: &Turn) -> &'static str {
        turn.model.unwrap_or(self.about.model)
    }
}

fn messages(turn: &Turn) -> Result<Vec<Message>, Error> {
    let mut question = vec![ContentBlock::Text(QUESTION.to_owned())];
    if turn.picture {
        let bytes = Blob::new(STANDARD.decode(PICTURE).unwrap_or_default());
        let image =
            ImageBlock::builder().format(ImageFormat::Png).source(ImageSource::Bytes(bytes));
        question.push(ContentBlock::Image(image.build().map_err(|_| Error::Unexpected)?));
    }
    let mut messages = vec![message(ConversationRole::User, question)?];
    for (call, result) in &turn.results {
        let asked = ToolUseBlock::builder()
            .tool_use_id(&call.id)
            .name(&call.name)
            .input(document(call.input()));
        let told = ToolResultBlock::builder()
            .tool_use_id(&call.id)
            .content(ToolResultContentBlock::Text(result.clone()));
        let asked = ContentBlock::ToolUse(asked.build().map_err(|_| Error::Unexpected)?);
        let told = ContentBlock::ToolResult(told.build().map_err(|_| Error::Unexpected)?);
        messages.push(message(ConversationRole::Assistant, vec![asked])?);
        messages.push(message(ConversationRole::User, vec![told])?);
    }
    Ok(messages)
}

fn message(role: ConversationRole, content: Vec<ContentBlock>) -> Result<Message, Error> {
    let message = Message::builder().role(role).set_content(Some(content));
    message.build().map_err(|_| Error::Unexpected)
}

fn sampling(options: &Options) -> InferenceConfiguration {
    let stop = Some(options.stop.clone()).filter(|stop| !stop.is_empty());
    InferenceConfiguration::builder()
        .max_tokens(MAX_TOKENS as i32)
        .set_temperature(options.temperature.map(|value| value as f32))
        .set_top_p(options.top_p.map(|value| value as f32))
        .set_stop_sequences(stop)
        .build()
}

fn tools(turn: &Turn) -> Option<ToolConfiguration> {
    let specification = ToolSpecification::builder()
        .name(TOOL)
        .description(TOOL_DESCRIPTION)
        .input_schema(ToolInputSchema::Json(document(turn::parameters())));
    let tool = Tool::ToolSpec(specification.build().ok()?);
    turn.tool.then(|| ToolConfiguration::builder().tools(tool).build().ok()).flatten()
}

fn format(turn: &Turn) -> Option<OutputConfig> {
    let schema = JsonSchemaDefinition::builder().schema(turn::schema().to_string()).build().ok()?;
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(schema))
        .build()
        .ok()?;
    turn.schema.then(|| OutputConfig::builder().text_format(format).build())
}

fn usage(told: Option<&TokenUsage>) -> Usage {
    let count = |tokens: i32| tokens.try_into().unwrap_or_default();
    let cached = |tokens: Option<i32>| tokens.map_or(0, count);
    told.map_or(Usage::unknown(), |told| {
        Usage::with_cache_apart(
            count(told.input_tokens),
            count(told.output_tokens),
            cached(told.cache_read_input_tokens),
            cached(told.cache_write_input_tokens),
        )
    })
}

fn refused<E: ProvideErrorMetadata>(
    error: SdkError<E, aws_smithy_runtime_api::http::Response>,
) -> Error {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    Error::Api { status, code: error.code().map(str::to_owned) }
}

#[async_trait]
impl Api for Bedrock {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        let Options { temperature, top_p, top_k, stop, .. } = Options::every();
        Options { temperature, top_p, top_k, stop, ..Options::default() }
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        let more = turn.options.top_k.map(|top_k| document(json!({"top_k": top_k})));
        let call = self.client.converse().model_id(self.model(turn));
        let answer = call
            .system(SystemContentBlock::Text(INSTRUCTIONS.to_owned()))
            .set_messages(Some(messages(turn)?))
            .inference_config(sampling(&turn.options))
            .set_additional_model_request_fields(more)
            .set_tool_config(tools(turn))
            .set_output_config(format(turn));
        let answer = call_of(answer.send().await)?;
        let blocks = answer.output.as_ref().and_then(|output| output.as_message().ok());
        let blocks = blocks.map(|message| message.content()).unwrap_or_default();
        let text: String =
            blocks.iter().filter_map(|block| block.as_text().ok()).cloned().collect();
        let calls = blocks.iter().filter_map(|block| block.as_tool_use().ok());
        let tool_calls: Vec<_> = calls
            .map(|call| ToolCall {
                id: call.tool_use_id.clone(),
                name: call.name.clone(),
                arguments: json(&call.input).to_string(),
            })
            .collect();
        let usage = usage(answer.usage());
        let said = tool_calls.iter().fold(Said::assistant(&text), |said, call| {
            said.part(Part::tool_call(&call.id, &call.name, &call.arguments))
        });
        let response = Response::new()
            .finish_reason(answer.stop_reason.as_str().to_owned())
            .usage(usage)
            .output(said);
        Ok(Answer { id: String::new(), text, tool_calls, usage, response: Box::new(response) })
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let more = turn.options.top_k.map(|top_k| document(json!({"top_k": top_k})));
        let call = self.client.converse_stream().model_id(self.model(turn));
        let answer = call
            .system(SystemContentBlock::Text(INSTRUCTIONS.to_owned()))
            .set_messages(Some(messages(turn)?))
            .inference_config(sampling(&turn.options))
            .set_additional_model_request_fields(more)
            .set_tool_config(tools(turn))
            .set_output_config(format(turn));
        let events = call_of(answer.send().await)?.stream;
        Ok(stream::try_unfold(events, next).boxed())
    }
}

type Events = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

async fn next(mut events: Events) -> Result<Option<(Chunk, Events)>, Error> {
    let event = events.recv().await.map_err(|_| Error::Stream)?;
    Ok(event.map(|event| (chunk(event), events)))
}

fn chunk(event: ConverseStreamOutput) -> Chunk {
    let text = match &event {
        ConverseStreamOutput::ContentBlockDelta(delta) => match &delta.delta {
            Some(ContentBlockDelta::Text(text)) => text.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let said = text.clone();
    Chunk {
        text,
        tell: Box::new(move |response| match &event {
            ConverseStreamOutput::MessageStop(stop) => {
                response.finish_reason(stop.stop_reason.as_str().to_owned());
            }
            ConverseStreamOutput::Metadata(told) => response.usage(usage(told.usage())),
            _ => response.text(&said),
        }),
    }
}

fn call_of<T, E: ProvideErrorMetadata>(
    answer: Result<T, SdkError<E, aws_smithy_runtime_api::http::Response>>,
) -> Result<T, Error> {
    answer.map_err(refused)
}
