import Foundation
import Logging
import NIOSSL
import Onebeat
import Synchronization

/// The files of `web: {tls: {…}}`.
package struct CertificateFiles: Sendable, Equatable {
    /// The certificate, and below it those between it and its authority, in PEM form.
    package var certificate: String
    /// Its private key, in PEM form.
    package var key: String
    /// Whether browsers are told to come to this name over TLS from now on (`Strict-Transport-Security`).
    package var isStrict: Bool

    package init(certificate: String, key: String, isStrict: Bool = true) {
        self.certificate = certificate
        self.key = key
        self.isStrict = isStrict
    }
}

/// What a node shows to those who connect over TLS. Files that change are read again: the next connection has the new
/// certificate. While they cannot be read, as between the writing of one and of the other, the one before is shown on.
package final class ServerCertificate: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamp: String
        /// Files that were found to be unfit: told once, and looked at again when they change.
        var refused: String?
        var lookedAt: Duration
    }

    /// Files are not looked at more often than that, however many connect.
    private static let pause = Duration.seconds(1)

    let files: CertificateFiles
    private let time: any TimeSource
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: ``CertificateProblem`` for files that cannot be used.
    package init(
        _ files: CertificateFiles, time: any TimeSource = SystemTime(), logger: Logger
    ) throws(CertificateProblem) {
        self.files = files
        self.time = time
        self.logger = logger
        let stamp = Self.stamp(of: files)
        state = Mutex(
            State(context: try Self.load(files), stamp: stamp, refused: nil, lookedAt: time.uptime()))
    }

    /// What the next connection is made by.
    func context() -> NIOSSLContext {
        state.withLock { state in
            let now = time.uptime()
            guard now - state.lookedAt >= Self.pause else { return state.context }
            state.lookedAt = now
            let stamp = Self.stamp(of: files)
            guard stamp != state.stamp, stamp != state.refused else { return state.context }
            do {
                state.context = try Self.load(files)
                (state.stamp, state.refused) = (stamp, nil)
                logger.notice("a new certificate is shown", metadata: ["file": "\(files.certificate)"])
            } catch {
                state.refused = stamp
                logger.error("the certificate before is shown on", metadata: ["why": "\(error)"])
            }
            return state.context
        }
    }

    /// What tells one state of the files from another.
    private static func stamp(of files: CertificateFiles) -> String {
        [files.certificate, files.key].map { path in
            // Through links, as those who renew certificates make them.
            let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let attributes = try? FileManager.default.attributesOfItem(atPath: real)
            let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(real) \(changed) \(attributes?[.size] ?? 0) \(attributes?[.systemFileNumber] ?? 0)"
        }.joined(separator: "\n")
    }

    private static func load(_ files: CertificateFiles) throws(CertificateProblem) -> NIOSSLContext {
        func text(_ path: String, _ setting: String) throws(CertificateProblem) -> [UInt8] {
            do {
                return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            } catch {
                let isThere = FileManager.default.fileExists(atPath: path)
                throw CertificateProblem(
                    "web.tls.\(setting): \(path) \(isThere ? "may not be read by this user" : "is not there")")
            }
        }
        let (chain, secret) = (try text(files.certificate, "certificate"), try text(files.key, "key"))
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(chain)
        } catch {
            throw CertificateProblem(
                "web.tls.certificate: \(files.certificate) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
            )
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: secret, format: .pem)
        } catch {
            throw CertificateProblem(
                "web.tls.key: \(files.key) holds no private key in PEM form, or one with a password, which nobody is there"
                    + " to give; write it without")
        }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CertificateProblem(
                "web.tls: the key in \(files.key) is not that of the first certificate in \(files.certificate)")
        }
    }
}

/// Files that cannot be used for TLS, in words that name the setting.
package struct CertificateProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
