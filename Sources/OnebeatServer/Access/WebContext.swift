import Hummingbird
import NIOCore

/// What is known of a request while it is answered.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks. Nobody, until it is known.
    var visitor = Visitor.nobody
    /// What they go by who want to change something as they saw it; `nil` where they change it however it is.
    var seen: Seen?
    /// The address that the connection comes from, without its port.
    let remoteAddress: String?

    init(source: Source) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress
    }
}
