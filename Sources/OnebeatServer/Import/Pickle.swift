/// What Python's pickle says, as values that do nothing: where Python would look a name up, call it, or set a state, here is a note
/// of that. Protocols 2 to 5; what others need of them (names by number, buffers, references to elsewhere) is refused.
///
/// Values stand in one array and refer to one another by number, as a pickle's memo wants it: a list may hold itself, and neither
/// that nor a value that is ten thousand deep costs more than its bytes.
struct Pickle {
    enum Node {
        case none
        case bool(Bool)
        case int(Int64)
        /// A whole number of more than 64 bits, as it is not needed.
        case large
        case number(Double)
        case text(String)
        case bytes([UInt8])
        /// Lists, tuples and sets.
        case list([Int])
        case dict([(key: Int, value: Int)])
        /// `module.name`, which nobody looked up.
        case global(String)
        /// A call that nobody made: of what, with what, and the state that was to be set.
        case object(of: Int, arguments: [Int], state: Int?)
    }

    /// Why a pickle is not read.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// No job's state is nearly as large.
    static let largest = 1 << 20

    private(set) var nodes: [Node] = []
    private(set) var root = 0

    private let bytes: [UInt8]
    private var position = 0
    private var stack: [Int] = []
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]

    init(_ bytes: [UInt8]) throws(Problem) {
        self.bytes = bytes
        guard bytes.count <= Self.largest else { throw Problem(description: "it is larger than 1 MiB") }
        guard bytes.first == 0x80, bytes.count > 1, (2...5).contains(bytes[1]) else {
            throw Problem(description: "it is no pickle of protocol 2 to 5")
        }
        while true {
            let code = try byte()
            if code == UInt8(ascii: ".") { break }
            try run(code)
        }
        root = try pop()
    }

    subscript(node: Int) -> Node { nodes.indices.contains(node) ? nodes[node] : .none }

    // MARK: Bytes

    private func failure(_ what: String) -> Problem { Problem(description: "\(what) at byte \(position)") }

    private mutating func byte() throws(Problem) -> UInt8 {
        guard position < bytes.count else { throw failure("it ends too soon") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: UInt64) throws(Problem) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - position) else { throw failure("it ends too soon") }
        let start = position
        position += Int(count)
        return bytes[start..<position]
    }

    /// A number of up to eight bytes, the lowest first.
    private mutating func size(_ count: UInt64) throws(Problem) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func line() throws(Problem) -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw failure("it ends too soon") }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    // MARK: The stack

    private mutating func push(_ node: Node) {
        stack.append(nodes.count)
        nodes.append(node)
    }

    private mutating func pop() throws(Problem) -> Int {
        guard stack.count > marks.last ?? 0, let top = stack.popLast() else { throw failure("nothing is on its stack") }
        return top
    }

    private mutating func top() throws(Problem) -> Int {
        guard stack.count > marks.last ?? 0, let top = stack.last else { throw failure("nothing is on its stack") }
        return top
    }

    /// What was put on the stack since the last mark.
    private mutating func popMark() throws(Problem) -> [Int] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw failure("no mark is on its stack") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private mutating func remember(_ key: Int) throws(Problem) { memo[key] = try top() }

    private mutating func recall(_ key: UInt64) throws(Problem) {
        guard let node = Int(exactly: key).flatMap({ memo[$0] }) else { throw failure("it recalls what it never kept") }
        stack.append(node)
    }

    // MARK: Opcodes

    private mutating func run(_ code: UInt8) throws(Problem) {
        switch code {
        case 0x80: _ = try byte()
        case 0x95: _ = try take(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): try remember(Int(byte()))
        case UInt8(ascii: "r"): try remember(Int(size(4)))
        case 0x94: try remember(memo.count)
        case UInt8(ascii: "h"): try recall(size(1))
        case UInt8(ascii: "j"): try recall(size(4))
        default: if try !runValue(code), try !runContainer(code) { try runCall(code) }
        }
    }

    private mutating func runValue(_ code: UInt8) throws(Problem) -> Bool {
        switch code {
        case UInt8(ascii: "N"): push(.none)
        case 0x88: push(.bool(true))
        case 0x89: push(.bool(false))
        case UInt8(ascii: "K"): push(.int(Int64(try byte())))
        case UInt8(ascii: "M"): push(.int(Int64(try size(2))))
        case UInt8(ascii: "J"): push(.int(Int64(Int32(truncatingIfNeeded: try size(4)))))
        case 0x8a: pushLong(try take(size(1)))
        case 0x8b: pushLong(try take(size(4)))
        case UInt8(ascii: "G"): push(.number(Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })))
        case 0x8c: push(.text(String(decoding: try take(size(1)), as: UTF8.self)))
        case UInt8(ascii: "X"): push(.text(String(decoding: try take(size(4)), as: UTF8.self)))
        case 0x8d: push(.text(String(decoding: try take(size(8)), as: UTF8.self)))
        case UInt8(ascii: "C"), UInt8(ascii: "U"): push(.bytes(Array(try take(size(1)))))
        case UInt8(ascii: "B"), UInt8(ascii: "T"): push(.bytes(Array(try take(size(4)))))
        case 0x8e, 0x96: push(.bytes(Array(try take(size(8)))))
        default: return false
        }
        return true
    }

    /// Two's complement, the lowest byte first.
    private mutating func pushLong(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 8 else { return push(.large) }
        let isNegative = bytes.last.map { $0 & 0x80 != 0 } ?? false
        push(.int(bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }))
    }

    private mutating func runContainer(_ code: UInt8) throws(Problem) -> Bool {
        switch code {
        case UInt8(ascii: "]"), UInt8(ascii: ")"), 0x8f: push(.list([]))
        case UInt8(ascii: "l"), UInt8(ascii: "t"), 0x91: push(.list(try popMark()))
        case 0x85, 0x86, 0x87:
            var elements: [Int] = []
            for _ in 0..<Int(code - 0x84) { elements.append(try pop()) }
            push(.list(elements.reversed()))
        case UInt8(ascii: "a"): try append([pop()])
        case UInt8(ascii: "e"), 0x90: try append(popMark())
        case UInt8(ascii: "}"): push(.dict([]))
        case UInt8(ascii: "d"):
            let pairs = try popMark()
            push(.dict([]))
            try set(pairs)
        case UInt8(ascii: "s"):
            let value = try pop()
            try set([pop(), value])
        case UInt8(ascii: "u"): try set(popMark())
        default: return false
        }
        return true
    }

    private mutating func append(_ elements: [Int]) throws(Problem) {
        let list = try top()
        guard case .list(var found) = nodes[list] else { throw failure("it appends to what is no list") }
        // Given back before it grows, so that a long list is not copied for each element.
        nodes[list] = .none
        found += elements
        nodes[list] = .list(found)
    }

    private mutating func set(_ pairs: [Int]) throws(Problem) {
        let dict = try top()
        guard case .dict(var found) = nodes[dict], pairs.count.isMultiple(of: 2) else {
            throw failure("it sets a key of what is no dictionary")
        }
        nodes[dict] = .none
        for index in stride(from: 0, to: pairs.count, by: 2) { found.append((pairs[index], pairs[index + 1])) }
        nodes[dict] = .dict(found)
    }

    private mutating func runCall(_ code: UInt8) throws(Problem) {
        switch code {
        case UInt8(ascii: "c"):
            let module = try line()
            push(.global("\(module).\(try line())"))
        case 0x93:
            let (name, module) = (try pop(), try pop())
            guard case .text(let module) = nodes[module], case .text(let name) = nodes[name] else {
                throw failure("it names what is no text")
            }
            push(.global("\(module).\(name)"))
        case UInt8(ascii: "R"), 0x81:
            let (arguments, callee) = (try pop(), try pop())
            guard case .list(let list) = nodes[arguments] else { throw failure("its arguments are no tuple") }
            push(.object(of: callee, arguments: list, state: nil))
        case UInt8(ascii: "b"):
            let (state, object) = (try pop(), try top())
            guard case .object(let callee, let arguments, _) = nodes[object] else {
                throw failure("it sets the state of what is no object")
            }
            nodes[object] = .object(of: callee, arguments: arguments, state: state)
        default: throw failure("it has the opcode 0x\(String(code, radix: 16)), which is not read,")
        }
    }
}
