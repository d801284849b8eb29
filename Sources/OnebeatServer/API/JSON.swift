import HTTPTypes
import Hummingbird

/// Something that people edit: what they change of it tells whether it is still as one of them saw it.
protocol Edited {
    /// That, in a few characters.
    var editState: String { get }
}

/// JSON as all our answers write it: `snake_case`, sorted keys, ISO 8601 moments.
enum JSON {
    /// The value in one line.
    static func line(_ value: some Encodable) throws -> String {
        String(decoding: try JSONWriter.bytes(of: value), as: UTF8.self)
    }

    /// Whoever has an answer may keep it, and asks whether it is still so before it is used again.
    static let revalidation = "private, no-cache"

    static func response(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json; charset=utf-8"
    ) throws -> Response {
        Response(
            status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: try body(value))))
    }

    /// What a reader may keep, with what tells it from another state of the same.
    static func tagged(_ value: some Encodable) throws -> Response {
        let body = try body(value)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/json; charset=utf-8", .eTag: tag(of: value, body).text,
                .cacheControl: revalidation,
            ], body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// What tells this state of a value from another.
    static func tag(of value: some Encodable) throws -> EntityTag { tag(of: value, try body(value)) }

    private static func tag(of value: some Encodable, _ body: [UInt8]) -> EntityTag {
        EntityTag(of: body, edit: (value as? any Edited)?.editState)
    }

    private static func body(_ value: some Encodable) throws -> [UInt8] {
        var bytes = try JSONWriter.bytes(of: value)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
