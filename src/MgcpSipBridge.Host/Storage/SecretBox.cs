using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Encrypts passwords at rest: AES-256-GCM, a fresh nonce each, bound to the resource that it belongs to, so that nobody can hand one line's password to
/// another by copying bytes. Layout: format 1, four bytes that tell keys apart, nonce (12), tag (16), text.
/// </summary>
internal sealed class SecretBox
{
    /// <summary>Environment variable that holds the key, as 64 hexadecimal digits or in base64.</summary>
    public const string Variable = "MGCPSIP_STORAGE_KEY";

    private const byte Format = 1;
    private const int KeyBytes = 32;
    private const int IdBytes = 4;
    private const int HeaderBytes = 1 + IdBytes + 12 + 16;
    private readonly string _file;
    private readonly string? _variable;
    private byte[]? _key;

    /// <param name="file">The key's file; it is made, for its owner alone, when the first password is to be kept.</param>
    /// <param name="variable">The key itself, which goes before the file; null for none.</param>
    public SecretBox(string file, string? variable) => (_file, _variable) = (file, string.IsNullOrEmpty(variable) ? null : variable);

    /// <summary>Encrypts a password.</summary>
    /// <exception cref="StoreException">There is no key, and none can be made.</exception>
    public byte[] Seal(string secret, ResourceKey owner)
    {
        var key = Key(make: true);
        var text = Encoding.UTF8.GetBytes(secret);
        var box = new byte[HeaderBytes + text.Length];
        box[0] = Format;
        Id(key).CopyTo(box, 1);
        RandomNumberGenerator.Fill(box.AsSpan(1 + IdBytes, 12));
        using var aes = new AesGcm(key, 16);
        aes.Encrypt(box.AsSpan(1 + IdBytes, 12), text, box.AsSpan(HeaderBytes), box.AsSpan(1 + IdBytes + 12, 16), Owner(owner));
        return box;
    }

    /// <summary>Decrypts a password.</summary>
    /// <exception cref="StoreException">It cannot be: no key, another key, or changed bytes.</exception>
    public string Open(ReadOnlySpan<byte> box, ResourceKey owner)
    {
        if (box.Length < HeaderBytes || box[0] != Format) throw new StoreException($"the password of {owner} is not one that this version wrote");
        var key = Key(make: false);
        if (!Id(key).AsSpan().SequenceEqual(box.Slice(1, IdBytes)))
            throw new StoreException($"the password of {owner} was encrypted with another key ({Hex(box.Slice(1, IdBytes))}) than that of {Source} ({Hex(Id(key))})");
        var text = new byte[box.Length - HeaderBytes];
        try
        {
            using var aes = new AesGcm(key, 16);
            aes.Decrypt(box.Slice(1 + IdBytes, 12), box[HeaderBytes..], box.Slice(1 + IdBytes + 12, 16), text, Owner(owner));
        }
        catch (CryptographicException e)
        {
            throw new StoreException($"the password of {owner} was changed by somebody else, or belongs to another resource", e);
        }

        return Encoding.UTF8.GetString(text);
    }

    private string Source => _variable is null ? $"Storage:KeyFile ({_file})" : Variable;

    private static byte[] Id(byte[] key) => SHA256.HashData([.. "mgcp-sip-bridge key id"u8, .. key])[..IdBytes];

    private static byte[] Owner(ResourceKey owner) => Encoding.UTF8.GetBytes(owner.Path);

    private static string Hex(ReadOnlySpan<byte> bytes) => $"{BinaryPrimitives.ReadUInt32BigEndian(bytes):x8}";

    private byte[] Key(bool make)
    {
        if (_key is not null) return _key;
        if (_variable is not null) return _key = Parse(_variable);
        try
        {
            if (make && !File.Exists(_file)) Make();
            return _key = Parse(File.ReadAllText(_file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the key of the stored passwords cannot be had from {Source}: {e.Message}", e);
        }
    }

    private void Make()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new StreamWriter(_file, Encoding.ASCII, options);
        file.WriteLine(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)));
        file.Flush();
        ((FileStream)file.BaseStream).Flush(flushToDisk: true);
    }

    private byte[] Parse(string text)
    {
        byte[] key;
        try
        {
            key = text.Length == 2 * KeyBytes ? Convert.FromHexString(text) : Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            key = [];
        }

        return key.Length == KeyBytes ? key : throw new StoreException($"{Source} does not hold a key: 32 bytes, as 64 hexadecimal digits or in base64");
    }
}
