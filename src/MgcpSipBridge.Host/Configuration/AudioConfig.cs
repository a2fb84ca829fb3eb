using System.Collections.Immutable;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Sounds:…</summary>
internal sealed class SoundsSection
{
    [Setting("Folder of the announcements that can be played by name (WAV at 8 kHz, or raw G.711 as .ul and .al); it is read once, at the start. Without it there are tones alone.")]
    public string? Folder { get; set; }

    [Setting("Memory that they may take, in bytes: 16000 a second; what does not fit is left out.", Min = "16000", Max = "4294967296")]
    public long MaxBytes { get; set; } = 100_000_000;

    [Setting("Country whose tones are played where none is named, as ISO 3166 has it in two letters.")]
    public string Country { get; set; } = "us";
}

/// <summary>Recordings:…</summary>
internal sealed class RecordingsSection
{
    [Setting("Folder for recordings, which only their owner may read; who keeps them, and how long, is for others to say. Without it nothing is recorded.")]
    public string? Folder { get; set; }

    [Setting("Recordings at a time; more fail.", Min = "1", Max = "10000")]
    public int MaxCount { get; set; } = 16;

    [Setting("Bytes of a recording at most; then it ends. An hour with both ends apart is 115 million.", Min = "1000", Max = "100000000000")]
    public long MaxBytes { get; set; } = 250_000_000;

    [Setting("How long a recording may be; then it ends.", Min = "1s", Max = "1d")]
    public TimeSpan MaxLength { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Checks what is written about sounds and recordings.</summary>
internal static class AudioSettings
{
    /// <summary>Tells what is wrong with its setting.</summary>
    public static void Validate(BridgeConfig config, Action<string, string> wrong)
    {
        foreach (var (setting, folder) in ((string, string?)[])[("Sounds:Folder", config.Sounds.Folder), ("Recordings:Folder", config.Recordings.Folder)])
            if (folder is not null && !Directory.Exists(folder)) wrong(setting, $"there is no directory {folder}");
        if (TonePlan.Of(config.Sounds.Country) is not { } tones)
            wrong("Sounds:Country", $"\"{config.Sounds.Country}\" is none of the countries whose tones are known: {string.Join(", ", TonePlan.Countries)}");
        else if (SoundWords.Read(config.Media.HoldMusic, tones, out var problem) is null)
            wrong("Media:HoldMusic", problem);
    }

    /// <summary>What is played to who waits on hold.</summary>
    public static ImmutableArray<PlaySource> HoldMusic(BridgeConfig config) => SoundWords.Read(config.Media.HoldMusic, Tones(config), out _) ?? [];

    /// <summary>The tones that are meant where no country is named.</summary>
    public static TonePlan Tones(BridgeConfig config) => TonePlan.Of(config.Sounds.Country) ?? TonePlan.Of("us")!;

    /// <summary>Names in the music on hold that the library has no sound for: who waits hears nothing.</summary>
    public static IEnumerable<string> MissingMusic(IEnumerable<PlaySource> music, Func<string, bool> has) =>
        music.OfType<PlaySource.Named>().Select(static sound => sound.Name).Distinct().Where(name => !has(name));

    /// <summary>What is wrong with the sounds, and with music that works all the same: silently.</summary>
    public static IEnumerable<string> Warnings(BridgeConfig config, EngineModel lines)
    {
        var warnings = new List<string>();
        var sounds = Read(config.Sounds, problem => warnings.Add($"Sounds:Folder: {problem}"));
        Look("Media:HoldMusic", HoldMusic(config));
        foreach (var peer in lines.Peers.Where(static peer => peer.HoldMusic is not null))
            Look($"peer {peer.Sip.Name}: holdMusic", SoundWords.Read(peer.HoldMusic!.Split(' ', StringSplitOptions.RemoveEmptyEntries), Tones(config), out _) ?? []);
        return warnings;

        void Look(string where, ImmutableArray<PlaySource> music) =>
            warnings.AddRange(MissingMusic(music, name => sounds.Find(name) is not null).Select(name => $"{where}: there is no sound {name} in Sounds:Folder; whoever waits on hold hears nothing"));
    }

    /// <summary>Reads the library; what is wrong with it is told a sentence each.</summary>
    public static SoundLibrary Read(SoundsSection sounds, Action<string> leftOut)
    {
        if (sounds.Folder is not { } folder) return SoundLibrary.Empty;
        try
        {
            var library = SoundLibrary.Read(folder, sounds.MaxBytes);
            foreach (var problem in library.Problems) leftOut(problem);
            return library;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            leftOut(e.Message);
            return SoundLibrary.Empty;
        }
    }
}
