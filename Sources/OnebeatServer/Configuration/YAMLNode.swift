// libyaml as the package Yams carries it. Yams' own composer can neither refuse an anchor before it is built upon nor be
// told a depth, so this is one of ours over the same events.
import CYaml

/// A value of a YAML file and where it starts.
enum YAMLNode {
    case scalar(YAMLScalar)
    case mapping(YAMLMapping)
    case sequence(YAMLList)

    var position: Position {
        switch self {
        case .scalar(let scalar): scalar.position
        case .mapping(let mapping): mapping.position
        case .sequence(let list): list.position
        }
    }

    /// The value, where it is text.
    var scalar: YAMLScalar? { if case .scalar(let scalar) = self { scalar } else { nil } }

    /// What the value is, for a sentence.
    var kind: String {
        switch self {
        case .scalar: isEmpty ? "empty" : "text"
        case .mapping: "a map"
        case .sequence: "a list"
        }
    }

    /// Whether nothing is written, or YAML's word for nothing.
    var isEmpty: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// The same, or a map or a list without a member.
    var holdsNothing: Bool {
        switch self {
        case .scalar: isEmpty
        case .mapping(let mapping): mapping.pairs.isEmpty
        case .sequence(let list): list.nodes.isEmpty
        }
    }
}

/// Text, as it is written but for quotes and escapes.
struct YAMLScalar {
    enum Style { case plain, singleQuoted, doubleQuoted, block }

    var string: String
    var style: Style
    /// Where it starts, its quote included.
    var position: Position
}

/// A map. Its pairs are in the order of the file; no key is there twice.
struct YAMLMapping {
    struct Pair {
        var key: YAMLScalar
        var value: YAMLNode
    }

    var pairs: [Pair]
    var position: Position
}

/// A list.
struct YAMLList {
    var nodes: [YAMLNode]
    var position: Position
}

/// Why a text makes no nodes.
struct YAMLComplaint: Error {
    enum Kind {
        /// libyaml's own words.
        case syntax(String)
        /// A character that is not allowed, at a byte of the text.
        case character(String, offset: Int)
        case anchor, tag, keyIsNoText(String), givenTwice(String, again: Position), tooDeep, tooMuch, secondDocument
    }

    var kind: Kind
    var position: Position
    /// What libyaml was about when it stumbled, and where that began.
    var context: (text: String, position: Position)?
}

/// Builds nodes from libyaml's events. Whatever could make a short text a long one, or a flat one deep, is refused at
/// the event that says so, before anything is built of it: anchors, aliases, tags, keys that are no text, depth, number.
struct YAMLComposer {
    /// How deep values may be inside one another; no setting is half as deep.
    static let deepest = 32
    /// How many values a file may have.
    static let most = 1_000_000

    /// A map or a list whose end has not come; an object, so that it grows in place.
    private final class Open {
        let isMapping: Bool
        let position: Position
        var pairs: [YAMLMapping.Pair] = []
        var key: YAMLScalar?
        var places: [String: Position] = [:]
        var nodes: [YAMLNode] = []

        init(isMapping: Bool, _ position: Position) {
            self.isMapping = isMapping
            self.position = position
        }

        var node: YAMLNode {
            isMapping
                ? .mapping(.init(pairs: pairs, position: position)) : .sequence(.init(nodes: nodes, position: position))
        }
    }

    private var open: [Open] = []
    private var count = 0
    private var root: YAMLNode?

    /// The only document of a text; `nil` where there is none.
    static func compose(_ text: String) throws(YAMLComplaint) -> YAMLNode? {
        var bytes = Array(text.utf8)
        // libyaml wants the address of something.
        if bytes.isEmpty { bytes = [0x0a] }
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(YAMLComplaint) in try compose(bytes) }
        }
        return try result.get()
    }

    private static func compose(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLComplaint) -> YAMLNode? {
        // It keeps pointers into itself, so it has to stay where it is.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw memory }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        var composer = YAMLComposer()
        var documents = 0
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw complaint(of: parser.pointee) }
            defer { yaml_event_delete(&event) }
            let position = Position(event.start_mark)
            switch event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return composer.root
            case YAML_DOCUMENT_START_EVENT:
                documents += 1
                if documents > 1 { throw YAMLComplaint(kind: .secondDocument, position: position) }
            case YAML_ALIAS_EVENT: throw YAMLComplaint(kind: .anchor, position: position)
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                try check(scalar.anchor, scalar.tag, position)
                let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                try composer.take(
                    .scalar(
                        .init(
                            string: String(decoding: text, as: UTF8.self), style: .init(scalar.style),
                            position: position)))
            case YAML_SEQUENCE_START_EVENT:
                try check(event.data.sequence_start.anchor, event.data.sequence_start.tag, position)
                try composer.enter(Open(isMapping: false, position))
            case YAML_MAPPING_START_EVENT:
                try check(event.data.mapping_start.anchor, event.data.mapping_start.tag, position)
                try composer.enter(Open(isMapping: true, position))
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try composer.leave()
            default: break
            }
        }
    }

    private mutating func enter(_ node: Open) throws(YAMLComplaint) {
        guard open.count < Self.deepest else { throw YAMLComplaint(kind: .tooDeep, position: node.position) }
        if let outer = open.last, outer.isMapping, outer.key == nil {
            throw YAMLComplaint(kind: .keyIsNoText(node.isMapping ? "a map" : "a list"), position: node.position)
        }
        open.append(node)
    }

    private mutating func leave() throws(YAMLComplaint) {
        if let node = open.popLast()?.node { try take(node) }
    }

    /// Puts a complete value where it belongs.
    private mutating func take(_ node: YAMLNode) throws(YAMLComplaint) {
        count += 1
        guard count <= Self.most else { throw YAMLComplaint(kind: .tooMuch, position: node.position) }
        guard let outer = open.last else {
            root = node
            return
        }
        if !outer.isMapping {
            outer.nodes.append(node)
        } else if let key = outer.key {
            outer.pairs.append(.init(key: key, value: node))
            outer.key = nil
        } else if case .scalar(let key) = node {
            if let first = outer.places.updateValue(key.position, forKey: key.string) {
                throw YAMLComplaint(kind: .givenTwice(key.string, again: key.position), position: first)
            }
            outer.key = key
        }
    }

    /// Of a value whose kind is told by how it is written.
    private static let plainTags: Set = [
        "", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
    ]

    private static func check(
        _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?, _ position: Position
    ) throws(YAMLComplaint) {
        if anchor != nil { throw YAMLComplaint(kind: .anchor, position: position) }
        if let tag, !plainTags.contains(String(cString: tag)) { throw YAMLComplaint(kind: .tag, position: position) }
    }

    private static let memory = YAMLComplaint(kind: .syntax("no memory"), position: Position(line: 1, column: 1))

    private static func complaint(of parser: yaml_parser_t) -> YAMLComplaint {
        let problem = parser.problem.map { String(cString: $0) } ?? "no memory"
        if parser.error == YAML_READER_ERROR {
            return YAMLComplaint(
                kind: .character(problem, offset: parser.problem_offset), position: Position(line: 1, column: 1))
        }
        return YAMLComplaint(
            kind: .syntax(problem), position: Position(parser.problem_mark),
            context: parser.context.map { (String(cString: $0), Position(parser.context_mark)) })
    }
}

extension Position {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}

extension YAMLScalar.Style {
    fileprivate init(_ style: yaml_scalar_style_t) {
        self =
            switch style {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
            case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
            default: .plain
            }
    }
}
