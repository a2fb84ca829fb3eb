using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>What a database on another machine kept when it was last seen.</summary>
/// <param name="At">When that was.</param>
/// <param name="Resources">What the API made.</param>
/// <param name="Dialled">What was set at phones, by the lines' numbers.</param>
internal sealed record LastKnown(DateTime At, IReadOnlyList<KeptResource> Resources, IReadOnlyDictionary<string, string> Dialled);

/// <summary>
/// A copy, on this machine, of what a database on another one keeps, so that a bridge can start while that is away. Passwords are encrypted in it as they are there. It is
/// replaced whole, and readable by its owner alone.
/// </summary>
internal sealed class StoreCopy(string file, SecretBox secrets)
{
    private const int Format = 1;

    /// <summary>Its file.</summary>
    public string File => file;

    /// <summary>Replaces it.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    public void Write(string storage, IEnumerable<KeptResource> resources, IReadOnlyDictionary<string, string> dialled)
    {
        var next = file + ".new";
        try
        {
            System.IO.File.Delete(next);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var stream = new FileStream(next, options))
            {
                using (var json = new Utf8JsonWriter(stream)) Write(json, storage, resources, dialled);
                stream.Flush(flushToDisk: true);
            }

            System.IO.File.Move(next, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{file}: {e.Message}", e);
        }
    }

    /// <summary>Reads it; null when there is none of this storage.</summary>
    /// <exception cref="StoreException">It is damaged, or its passwords cannot be decrypted.</exception>
    public LastKnown? Read(string storage)
    {
        if (!System.IO.File.Exists(file)) return null;
        try
        {
            var copy = JsonNode.Parse(System.IO.File.ReadAllBytes(file))!;
            if ((int)copy["format"]! != Format || (string)copy["storage"]! != storage) return null;
            return new LastKnown(
                DateTime.Parse((string)copy["at"]!, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
                [.. copy["resources"]!.AsArray().Select(one => Read(one!))],
                copy["dialled"]!.AsObject().ToDictionary(one => one.Key, one => (string)one.Value!, StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new StoreException($"{file} cannot be read: {e.Message}", e);
        }
    }

    private void Write(Utf8JsonWriter json, string storage, IEnumerable<KeptResource> resources, IReadOnlyDictionary<string, string> dialled)
    {
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("storage", storage);
        json.WriteString("at", DateTime.UtcNow);
        json.WriteStartArray("resources");
        foreach (var (key, gateway, body, revision) in resources)
        {
            json.WriteStartObject();
            json.WriteString("kind", key.Kind.ToString());
            json.WriteString("name", key.Name);
            json.WriteString("gateway", gateway);
            json.WriteNumber("revision", revision);
            if ((string?)body["password"] is { } password) json.WriteBase64String("secret", secrets.Seal(password, key));
            json.WriteStartObject("body");
            foreach (var (name, value) in body)
            {
                if (name == "password") continue;
                json.WritePropertyName(name);
                if (value is null) json.WriteNullValue();
                else value.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("dialled");
        foreach (var (line, features) in dialled) json.WriteString(line, features);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private KeptResource Read(JsonNode one)
    {
        var key = new ResourceKey(Enum.Parse<ResourceKind>((string)one["kind"]!), (string)one["name"]!);
        var body = one["body"]!.DeepClone().AsObject();
        if ((string?)one["secret"] is { } secret) body["password"] = secrets.Open(Convert.FromBase64String(secret), key);
        return new KeptResource(key, (string)one["gateway"]!, body, (long)one["revision"]!);
    }
}
