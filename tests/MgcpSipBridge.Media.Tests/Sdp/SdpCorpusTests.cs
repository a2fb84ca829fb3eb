using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace MgcpSipBridge.Media.Tests.Sdp;

/// <summary>
/// Every description of the corpus reads as expectations.json says. A case that is wrong today carries "knownGap" with its reason beside
/// the right expectation, and fails when it starts to pass. UPDATE_SNAPSHOTS=1 writes what was read, to be reviewed.
/// </summary>
public sealed class SdpCorpusTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus", "sdp");
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public sealed record Expectation(string Error, string? Origin, string[]? Sections, string? KnownGap = null);

    public static TheoryData<string> Files() => [.. Directory.EnumerateFiles(Folder, "*.sdp").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Reads_as_expected(string name)
    {
        var read = Read(name);
        Assert.True(Expectations().TryGetValue(name, out var expected), $"{name} has no expectation.");
        var same = Text(expected with { KnownGap = null }) == Text(read);
        if (expected.KnownGap is { } gap) Assert.False(same, $"{name} passes now; remove its knownGap: {gap}");
        else Assert.Equal(Text(expected), Text(read));
    }

    [Fact]
    public void Every_expectation_has_its_file() =>
        Assert.Equal(Files().Select(f => f.Data), Expectations().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void What_was_read_is_written_and_read_again_alike()
    {
        foreach (var file in Files())
        {
            if (SessionDescription.TryParse(Bytes(file.Data), out var read) != SdpParseError.None) continue;
            Assert.Equal(SdpParseError.None, SessionDescription.TryParse(read!.ToBytes(), out var again));
            Assert.Equal(read!.ToBytes(), again!.ToBytes());
            Assert.Equal(read.Media.Select(Section), again.Media.Select(Section));
        }
    }

    [Fact]
    public void Snapshot_is_rewritten_on_demand()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") != "1") return;
        var gaps = Expectations().Where(e => e.Value.KnownGap is not null).ToDictionary();
        var all = new SortedDictionary<string, Expectation>(StringComparer.Ordinal);
        foreach (var file in Files()) all[file.Data] = gaps.GetValueOrDefault(file.Data) ?? Read(file.Data);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(Source())!, "../../corpus/sdp/expectations.json"), Text(all) + "\n");
    }

    private static string Source([CallerFilePath] string path = "") => path;

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".sdp"));

    private static Dictionary<string, Expectation> Expectations() =>
        JsonSerializer.Deserialize<Dictionary<string, Expectation>>(File.ReadAllText(Path.Combine(Folder, "expectations.json")), Indented)!;

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, Indented);

    private static Expectation Read(string name)
    {
        var error = SessionDescription.TryParse(Bytes(name), out var read);
        if (error != SdpParseError.None) Assert.Null(read);
        return read is null
            ? new(error.ToString(), null, null)
            : new(
                error.ToString(),
                string.Create(CultureInfo.InvariantCulture, $"{read.OriginUser} {read.SessionId} {read.SessionVersion} {read.OriginAddress}"),
                [.. read.Media.Select(Section)]);
    }

    private static string Section(MediaDescription media)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{media.Media} {media.Port} {media.Protocol} at {media.Address} rtcp {media.RtcpAddress} [");
        text.AppendJoin(", ", media.Formats.Select(f => $"{f.PayloadType} {f.Name}/{f.ClockRate}{(f.Channels == 1 ? "" : $"/{f.Channels}")}{(f.Parameters is { } p ? $" ({p})" : "")}"));
        text.Append(']');
        if (media.OtherFormats is { } other) text.Append(CultureInfo.InvariantCulture, $" '{other}'");
        if (media.Ptime is { } ptime) text.Append(CultureInfo.InvariantCulture, $" ptime {ptime}");
        text.Append(CultureInfo.InvariantCulture, $" {media.Direction}{(media.IsHeld ? " held" : "")}");
        return text.ToString();
    }
}
