using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>The files that a section of settings names.</summary>
/// <param name="Section">The section: <c>Sip:Tls</c>.</param>
/// <param name="Certificate">Our certificate and its intermediates.</param>
/// <param name="Key">Its key; null when it stands with the certificate.</param>
/// <param name="TrustSetting">Name of the setting that names the authorities.</param>
/// <param name="Trust">The authorities; null for those of the system.</param>
/// <param name="Revoked">Lists of certificates that authorities took back; null for none. Its setting is <c>RevocationList</c>.</param>
internal sealed record TlsFiles(string Section, string? Certificate, string? Key, string TrustSetting, string? Trust, string? Revoked = null);

/// <summary>What such files held when they were read.</summary>
/// <param name="Context">Our certificate with its key and intermediates.</param>
/// <param name="Trust">Authorities; null for those of the system.</param>
/// <param name="NotAfter">When our certificate runs out.</param>
/// <param name="Revoked">Certificates that were taken back; null when no file says so.</param>
internal sealed record TlsMaterial(SslStreamCertificateContext Context, X509Certificate2Collection? Trust, DateTimeOffset NotAfter, RevocationList? Revoked)
{
    /// <summary>Why the lists of certificates that were taken back cannot be used, so that nothing is known of any certificate; null when they can, and when no file is named.</summary>
    public string? ListProblem { get; init; }

    /// <summary>Reads the files; null when one of them is wrong, which <paramref name="wrong"/> is told with its setting.</summary>
    /// <param name="files">The files.</param>
    /// <param name="wrong">Told what is wrong.</param>
    /// <param name="withoutList">Whether the rest is wanted though the lists of what was taken back cannot be used.</param>
    public static TlsMaterial? Load(TlsFiles files, Action<string, string> wrong, bool withoutList = false)
    {
        string? listProblem = null;
        var certificate = Try(files.Section + ":Certificate", files.Certificate!, wrong, file =>
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            if (all.Count == 0) throw new CryptographicException("there is no certificate in it");
            return all;
        });
        var trust = files.Trust is null ? null : Try($"{files.Section}:{files.TrustSetting}", files.Trust, wrong, file =>
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            if (all.Count == 0) throw new CryptographicException("there is no certificate in it");
            return all;
        });
        var revoked = files.Revoked is null || trust is null ? null : Try(files.Section + ":RevocationList", files.Revoked, withoutList ? (setting, message) => listProblem = $"{setting}: {message}" : wrong, file => RevocationList.Read(file, trust, DateTimeOffset.UtcNow));
        if (certificate is null) return null;
        var own = Try(files.Section + (files.Key is null ? ":Certificate" : ":Key"), files.Key ?? files.Certificate!, wrong, key => X509Certificate2.CreateFromPemFile(files.Certificate!, key));
        if (own is null || (files.Trust is not null && trust is null) || (files.Revoked is not null && revoked is null && listProblem is null)) return null;
        certificate.RemoveAt(0);
        // Offline: the chain is what the file says, nothing is fetched.
        return new TlsMaterial(SslStreamCertificateContext.Create(own, certificate, offline: true), trust, own.NotAfter, revoked) { ListProblem = listProblem };
    }

    /// <summary>A hash over the files' content; null while one cannot be read, unless it is that of lists and nobody waits for it (<paramref name="withoutList"/>).</summary>
    public static string? Stamp(TlsFiles files, bool withoutList = false)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            foreach (var file in new[] { files.Certificate, files.Key, files.Trust, files.Revoked })
                if (file is not null && !(withoutList && file == files.Revoked && !File.Exists(file))) hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static T? Try<T>(string setting, string file, Action<string, string> wrong, Func<string, T> read)
        where T : class
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            wrong(setting, $"{file}: {e.Message}");
            return null;
        }
    }
}

/// <summary>A key that is trusted for a host.</summary>
/// <param name="Host">The host, in lower case; an IPv6 literal in brackets.</param>
/// <param name="Key">Base64 of the SHA-256 of its SubjectPublicKeyInfo.</param>
internal sealed record TlsPin(string Host, string Key)
{
    /// <summary>Reads <c>host=sha256/…</c>; null when it is not that.</summary>
    public static TlsPin? Parse(string text)
    {
        const string hash = "sha256/";
        var cut = text.IndexOf('=', StringComparison.Ordinal);
        if (cut < 1 || !text.AsSpan(cut + 1).StartsWith(hash, StringComparison.OrdinalIgnoreCase)) return null;
        var bytes = new byte[64];
        var key = text[(cut + 1 + hash.Length)..];
        if (!Convert.TryFromBase64String(key, bytes, out var length) || length != SHA256.HashSizeInBytes) return null;
        var host = text[..cut].Trim().ToLowerInvariant();
        if (host.Contains(':') && !host.StartsWith('[')) host = $"[{host}]";
        return new TlsPin(host, Convert.ToBase64String(bytes.AsSpan(0, length)));
    }

    /// <summary>How a certificate's key would be pinned.</summary>
    public static string KeyOf(X509Certificate2 certificate) => Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
