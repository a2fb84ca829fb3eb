using MgcpSipBridge.Media;

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
        if (TonePlan.Of(config.Sounds.Country) is null)
            wrong("Sounds:Country", $"\"{config.Sounds.Country}\" is none of the countries whose tones are known: {string.Join(", ", TonePlan.Countries)}");
    }
}
