using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// Encrypts passwords at rest: AES-256-GCM, a fresh nonce each, bound to the resource that it belongs to, so that nobody can hand one line's password to
/// another by copying bytes. Layout: format 1, four bytes that tell keys apart, nonce (12), tag (16), text. There may be several keys: the first one encrypts, the
/// others still decrypt, which is how a key is changed. One that was changed stays beside the file, under the number that tells it apart, for copies of before: it decrypts, too.
/// </summary>
internal sealed class SecretBox
{
    /// <summary>Environment variable that holds the key, as 64 hexadecimal digits or in base64; while it is changed, the new one, a comma and the old one.</summary>
    public const string Variable = "MGCPSIP_STORAGE_KEY";

    private const string Advice = ". Bring that key back; if it is lost, mgcp-sip-bridge storage forget-passwords lets go of what nobody can decrypt, and all else stays";
    private const byte Format = 1;
    private const int KeyBytes = 32;
    private const int IdBytes = 4;
    private const int HeaderBytes = 1 + IdBytes + 12 + 16;
    private readonly string _file;
    private readonly string? _variable;
    private readonly Lock _gate = new();
    private IReadOnlyList<byte[]>? _keys;

    /// <param name="file">The key's file; it is made, for its owner alone, when the first password is to be kept.</param>
    /// <param name="variable">The key itself, which goes before the file; null for none.</param>
    public SecretBox(string file, string? variable) => (_file, _variable) = (file, string.IsNullOrEmpty(variable) ? null : variable);

    /// <summary>Encrypts a password.</summary>
    /// <exception cref="StoreException">There is no key, and none can be made.</exception>
    public byte[] Seal(string secret, ResourceKey owner)
    {
        var key = Keys(make: true)[0];
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
        var id = box.Slice(1, IdBytes);
        byte[]? key = null;
        foreach (var known in Keys(make: false))
            if (id.SequenceEqual(Id(known))) key = known;
        key ??= Retired(id);
        if (key is null) throw new StoreException($"the password of {owner} was encrypted with another key ({Hex(id)}) than that of {Source} ({Hex(Id(Keys(make: false)[0]))}){Advice}");
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

    /// <summary>
    /// Puts a new key before the old one; both decrypt from now on. Where that was done before and not ended, it stays as it is: whoever was interrupted goes on.
    /// </summary>
    /// <exception cref="StoreRefusal">The key is not ours to change.</exception>
    /// <exception cref="StoreException">Its file cannot be written.</exception>
    public void BeginNewKey()
    {
        lock (_gate)
        {
            _keys = null;
            if (_variable is null && !File.Exists(_file)) return;
            var keys = Keys(make: false);
            if (keys.Count > 1) return;
            if (_variable is not null) throw new StoreRefusal("KEY_IN_ENVIRONMENT", $"{Variable} holds one key: start the bridge with a new one before it (NEW,OLD), then try again");
            Save([RandomNumberGenerator.GetBytes(KeyBytes), .. keys]);
        }
    }

    /// <summary>Forgets the old keys: nothing is encrypted with them any more.</summary>
    /// <returns>What is left to do by hand; empty for nothing.</returns>
    public string EndOldKeys()
    {
        lock (_gate)
        {
            if (_variable is not null) return $"take the old key out of {Variable} before the next start";
            if (!File.Exists(_file)) return "";
            var keys = Keys(make: false);
            // Without it, copies of before would be worth nothing.
            foreach (var key in keys.Skip(1)) Write(NameOf(Id(key)), [key]);
            Save([keys[0]]);
            return keys.Count == 1 ? "" : $"copies of before need the old key, which is kept as {string.Join(", ", keys.Skip(1).Select(key => NameOf(Id(key))))}: put it away with them, or delete it";
        }
    }

    /// <summary>Whether a password can be decrypted.</summary>
    public bool Opens(ReadOnlySpan<byte> box, ResourceKey owner)
    {
        try
        {
            Open(box, owner);
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    /// <summary>
    /// Makes sure of what keys there are, before passwords are let go of: a file that cannot be read for the moment is not one that is lost. One that holds no key is put aside, so
    /// that the next password makes another.
    /// </summary>
    /// <exception cref="StoreException">The key may still be there.</exception>
    public void TakeStock()
    {
        lock (_gate)
        {
            _keys = null;
            if (_variable is not null)
            {
                Keys(make: false);
                return;
            }

            try
            {
                var text = File.ReadAllText(_file);
                if (!IsGood(Split(text))) File.Move(_file, _file + ".damaged", overwrite: true);
            }
            catch (FileNotFoundException)
            {
                // This is what lost means.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreException($"the key of the stored passwords cannot be had from {Source}: {e.Message}", e);
            }
        }
    }

    private string NameOf(ReadOnlySpan<byte> id) => $"{_file}.{Hex(id)}";

    private byte[]? Retired(ReadOnlySpan<byte> id)
    {
        var file = NameOf(id);
        try
        {
            return _variable is null && File.Exists(file) && Split(File.ReadAllText(file)) is [var key] && id.SequenceEqual(Id(key)) ? key : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"an older key of the stored passwords cannot be read from {file}: {e.Message}", e);
        }
    }

    private IReadOnlyList<byte[]> Keys(bool make)
    {
        lock (_gate)
        {
            if (_keys is not null) return _keys;
            if (_variable is not null) return _keys = Parse(_variable);
            try
            {
                if (make && !File.Exists(_file)) Save([RandomNumberGenerator.GetBytes(KeyBytes)]);
                return _keys = Parse(File.ReadAllText(_file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreException($"the key of the stored passwords cannot be had from {Source}: {e.Message}{(make ? "" : Advice)}", e);
            }
        }
    }

    // Whole or not at all, and for its owner alone from its first byte on.
    private void Save(IReadOnlyList<byte[]> keys)
    {
        Write(_file, keys);
        _keys = keys;
    }

    private static void Write(string name, IReadOnlyList<byte[]> keys)
    {
        var next = name + ".new";
        try
        {
            File.Delete(next);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new StreamWriter(next, Encoding.ASCII, options))
            {
                foreach (var key in keys) file.WriteLine(Convert.ToHexStringLower(key));
                file.Flush();
                ((FileStream)file.BaseStream).Flush(flushToDisk: true);
            }

            File.Move(next, name, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the key of the stored passwords cannot be written into {name}: {e.Message}", e);
        }
    }

    private List<byte[]> Parse(string text)
    {
        var keys = Split(text);
        return IsGood(keys) ? keys : throw new StoreException($"{Source} does not hold a key: 32 bytes, as 64 hexadecimal digits or in base64");
    }

    private static List<byte[]> Split(string text) =>
        text.Split((char[])[',', '\n', '\r', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Key).ToList();

    private static bool IsGood(List<byte[]> keys) => keys.Count > 0 && keys.TrueForAll(key => key.Length == KeyBytes);

    private static byte[] Key(string text)
    {
        try
        {
            return text.Length == 2 * KeyBytes ? Convert.FromHexString(text) : Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
