import Synchronization

/// The node's claim that is under way, from before it is sent until everything it brought was started or handed back. Where
/// the reply is lost it stays open until the store has closed it (``RunStore/readBack(_:of:)``): until then a run may
/// be running for this node that it does not know of, also long after the worker gave up waiting.
package final class OpenClaim: Sendable {
    struct Name: Sendable, Equatable {
        var nonce: ClaimNonce
        var node: NodeID
    }

    private let state = Mutex<(last: Int64, name: Name?)>((0, nil))

    package init() {}

    /// The claim, if there is one.
    var name: Name? { state.withLock { $0.name } }

    /// - Returns: the name of a new one.
    func begin(by node: NodeID) -> ClaimNonce {
        state.withLock { state in
            state.last += 1
            let nonce = ClaimNonce(state.last)
            state.name = Name(nonce: nonce, node: node)
            return nonce
        }
    }

    func end() { state.withLock { $0.name = nil } }
}
