import Synchronization

/// The node's claim that is under way, from before it is sent until everything it brought was started or handed back. Where
/// the reply is lost it stays open until the store has closed it (``RunStore/readBack(_:of:)``): until then a run may
/// be running for this node that it does not know of, also long after the worker gave up waiting.
package final class OpenClaim: Sendable {
    struct Name: Sendable, Equatable {
        var nonce: ClaimNonce
        var node: NodeID
    }

    /// Numbers the claims of all workers of a node: the store refuses what is not above those that were read back.
    private final class Numbers: Sendable {
        private let last = Mutex<Int64>(0)

        func next() -> Int64 {
            last.withLock { last in
                last += 1
                return last
            }
        }
    }

    private let numbers: Numbers
    private let state = Mutex<Name?>(nil)

    package init() { numbers = Numbers() }

    /// For another worker of the node that `first` is of.
    init(beside first: OpenClaim) { numbers = first.numbers }

    /// The claim, if there is one.
    var name: Name? { state.withLock { $0 } }

    /// - Returns: the name of a new one.
    func begin(by node: NodeID) -> ClaimNonce {
        let nonce = ClaimNonce(numbers.next())
        state.withLock { $0 = Name(nonce: nonce, node: node) }
        return nonce
    }

    func end() { state.withLock { $0 = nil } }
}
