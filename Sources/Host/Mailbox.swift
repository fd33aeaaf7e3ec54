import Base
import CLinux
import Glibc
import Synchronization

/// Carries values from other threads to the loop: any thread posts, the loop receives them in
/// order, woken through an eventfd.
package final class Mailbox<Message: Sendable>: Sendable {
  private let waiting = Mutex<[Message]>([])
  private let eventDescriptor: Int32

  package init() throws(SystemError) {
    eventDescriptor = lh_eventfd(0, 1)
    guard eventDescriptor >= 0 else { throw SystemError.last("eventfd") }
  }

  deinit { close(eventDescriptor) }

  /// Readable when something waits.
  package var descriptor: Int32 { eventDescriptor }

  package func post(_ message: Message) {
    let wasEmpty = waiting.withLock { queue in
      queue.append(message)
      return queue.count == 1
    }
    if wasEmpty { lh_eventfd_add(eventDescriptor, 1) }
  }

  /// Takes everything that waits; called on the loop.
  package func takeAll() -> [Message] {
    _ = lh_eventfd_take(eventDescriptor)
    return waiting.withLock { queue in
      let taken = queue
      queue.removeAll()
      return taken
    }
  }
}

/// Hands a mailbox's messages to a closure on the loop.
package final class MailboxReceiver<Message: Sendable>: ReadinessHandler {
  package let mailbox: Mailbox<Message>
  private let receive: (Message) -> Void

  package init(_ reactor: Reactor, _ receive: @escaping (Message) -> Void) throws(SystemError) {
    mailbox = try Mailbox()
    self.receive = receive
    _ = try reactor.add(mailbox.descriptor, .readable, handler: self)
  }

  package func ready(_ readiness: Readiness, key: Int32, token: Token) {
    for message in mailbox.takeAll() { receive(message) }
  }
}
