//! One WebSocket: requests are answered as they are done, notifications follow the answer that began them.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::sync::mpsc;

use super::{Delivery, Serving, misbehave, until};
use crate::{
    node::{Event, Notice, lock},
    rpc::{self, Reply, Subscriptions},
};

/// Answers that may wait for a slow client.
const ANSWERS_AHEAD: usize = 256;

/// What goes out.
enum Outgoing {
    Reply(Reply),
    /// Close, as a fault.
    Close,
}

pub(super) async fn serve(socket: WebSocket, serving: Serving) {
    serving.node.stats().connections += 1;
    let (mut sink, mut incoming) = socket.split();
    let subscriptions = Arc::new(Subscriptions::default());
    let (answers, mut outgoing) = mpsc::channel(ANSWERS_AHEAD);
    let mut notices = serving.node.notices.subscribe();
    let mut stopped = std::pin::pin!(until(serving.stop.clone()));
    loop {
        let sent = tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    answer_in_background(&serving, &subscriptions, &answers, text.as_bytes().to_vec());
                    Ok(())
                }
                Some(Ok(Message::Binary(bytes))) => {
                    answer_in_background(&serving, &subscriptions, &answers, bytes.to_vec());
                    Ok(())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            Some(out) = outgoing.recv() => match out {
                Outgoing::Reply(reply) => send_reply(&serving, &subscriptions, &mut sink, reply).await,
                Outgoing::Close => return close(sink, "dropped").await,
            },
            notice = notices.recv() => match notice {
                Ok(Notice { event: Event::Disconnect, .. }) => return close(sink, "restarting").await,
                Ok(notice) => send_notice(&serving, &subscriptions, &mut sink, &notice).await,
                // the client reads too slowly
                Err(_) => return close(sink, "too slow").await,
            },
            () = &mut stopped => return close(sink, "shutting down").await,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Answers a message on a task of its own: one that waits must not hold up the others.
fn answer_in_background(
    serving: &Serving,
    subscriptions: &Arc<Subscriptions>,
    answers: &mpsc::Sender<Outgoing>,
    message: Vec<u8>,
) {
    let (serving, subscriptions, answers) = (serving.clone(), Arc::clone(subscriptions), answers.clone());
    tokio::spawn(async move {
        let out = match misbehave(&serving).await {
            None => Outgoing::Close,
            Some(Delivery::Never) => return,
            Some(Delivery::Answer) => {
                Outgoing::Reply(rpc::reply(&serving.node, &message, Some(&subscriptions)))
            }
        };
        // the connection may be gone
        let _ = answers.send(out).await;
    });
}

/// Sends an answer, then begins the subscriptions it confirms: each with how things are now.
async fn send_reply(
    serving: &Serving,
    subscriptions: &Subscriptions,
    sink: &mut SplitSink<WebSocket, Message>,
    reply: Reply,
) -> Result<(), axum::Error> {
    if let Some(text) = reply.text {
        sink.send(Message::text(text)).await?;
    }
    for mut subscription in reply.subscriptions {
        let greeting = subscription.greeting(&serving.node);
        lock(subscriptions).insert(subscription.id.clone(), subscription);
        if let Some(greeting) = greeting {
            sink.send(Message::text(greeting)).await?;
        }
    }
    Ok(())
}

async fn send_notice(
    serving: &Serving,
    subscriptions: &Subscriptions,
    sink: &mut SplitSink<WebSocket, Message>,
    notice: &Notice,
) -> Result<(), axum::Error> {
    let texts: Vec<String> = lock(subscriptions)
        .values_mut()
        .filter_map(|subscription| subscription.notification(&serving.node, notice))
        .collect();
    for text in texts {
        sink.feed(Message::text(text)).await?;
    }
    sink.flush().await
}

async fn close(mut sink: SplitSink<WebSocket, Message>, reason: &'static str) {
    let frame = CloseFrame { code: close_code::ERROR, reason: reason.into() };
    // closing is all that is left to do, whether the client hears of it or not
    let _ = sink.send(Message::Close(Some(frame))).await;
}
