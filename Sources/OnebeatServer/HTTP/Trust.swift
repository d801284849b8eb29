import Foundation
import NIOSSL
import Synchronization

/// Whose certificates are trusted: the machine's authorities, those in `SSL_CERT_FILE` or `SSL_CERT_DIR`, or those that
/// a call names. A file is read again when it has changed.
final class Trust: Sendable {
    private struct Known: Sendable {
        var changedAt: Date?
        var context: NIOSSLContext
    }
    private let standard: String?
    private let protocols: [String]
    private let known = Mutex<[String: Known]>([:])

    /// - Parameter protocols: what is offered to be spoken; some servers refuse who offers another than theirs.
    init(environment: [String: String], protocols: [String] = ["http/1.1"]) {
        self.protocols = protocols
        standard = ["SSL_CERT_FILE", "SSL_CERT_DIR"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }

    /// - Parameter authorities: the file that a call names.
    /// - Throws: ``TrustProblem`` when the file cannot be used.
    func context(authorities: String?) throws(TrustProblem) -> NIOSSLContext {
        let path = authorities ?? standard
        let attributes = path.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
        let changedAt = attributes?[.modificationDate] as? Date
        let key = path ?? ""
        if let known = known.withLock({ $0[key] }), known.changedAt == changedAt { return known.context }
        let context = try load(path, isFolder: attributes?[.type] as? FileAttributeType == .typeDirectory)
        known.withLock { $0[key] = Known(changedAt: changedAt, context: context) }
        return context
    }

    private func load(_ path: String?, isFolder: Bool) throws(TrustProblem) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        do {
            if let path {
                configuration.trustRoots =
                    isFolder ? .file(path) : .certificates(try NIOSSLCertificate.fromPEMFile(path))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TrustProblem(
                description: "the certificates in \(path ?? "this machine's own folder") cannot be read; it should be a"
                    + " file in PEM form that this user may read")
        }
    }
}

/// Authorities that cannot be read, in words.
struct TrustProblem: Error, CustomStringConvertible {
    let description: String
}
