import HTTPTypes
import Hummingbird
import NIOCore

/// What comes of an address's parameters; for the fuzzer.
package enum QueryReading {
    package static func read(_ query: String) {
        let head = HTTPTypes.HTTPRequest(
            method: .get, scheme: "http", authority: "localhost", path: "/api/runs?\(query)")
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        guard let reader = try? QueryReader(request, known: QueryReader.runParameters) else { return }
        _ = try? reader.runFilter()
    }
}
