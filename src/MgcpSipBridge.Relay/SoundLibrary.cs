using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The announcements that can be played by name: the files of a folder, read once. A name is the path within the folder without its ending,
/// with <c>/</c> between its parts: <c>en/welcome</c>.
/// </summary>
public sealed class SoundLibrary
{
    private readonly Dictionary<string, Sound> _sounds = new(StringComparer.Ordinal);

    private SoundLibrary()
    {
    }

    /// <summary>A library with nothing in it.</summary>
    public static SoundLibrary Empty { get; } = new();

    /// <summary>Announcements in it.</summary>
    public int Count => _sounds.Count;

    /// <summary>What was left out, a sentence each.</summary>
    public ImmutableArray<string> Problems { get; private set; } = [];

    /// <summary>Reads a folder and those in it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="mostBytes">Of memory, all announcements together; those that do not fit are left out.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be read.</exception>
    public static SoundLibrary Read(string folder, long mostBytes)
    {
        var library = new SoundLibrary();
        var problems = ImmutableArray.CreateBuilder<string>();
        long bytes = 0;
        foreach (var path in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Order(StringComparer.Ordinal))
        {
            var file = Path.GetRelativePath(folder, path).Replace('\\', '/');
            try
            {
                var size = new FileInfo(path).Length;
                // Two bytes a sample, however few it has in the file.
                var needed = file.EndsWith(".wav", StringComparison.OrdinalIgnoreCase) ? size : 2 * size;
                if (bytes + needed > mostBytes)
                {
                    problems.Add($"{file}: the announcements would take more than {mostBytes} bytes");
                    continue;
                }

                var error = SoundReader.TryRead(file, File.ReadAllBytes(path), out var sound);
                if (sound is null)
                {
                    if (error != SoundError.UnknownKind) problems.Add($"{file}: {Describe(error)}");
                    continue;
                }

                bytes += 2L * sound.Samples.Length;
                if (!library._sounds.TryAdd(Path.ChangeExtension(file, null), sound)) problems.Add($"{file}: there is another of this name");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"{file}: {e.Message}");
            }
        }

        library.Problems = problems.DrainToImmutable();
        return library;
    }

    /// <summary>All of them, by name and length.</summary>
    public IEnumerable<(string Name, TimeSpan Length)> All => _sounds.Select(static sound => (sound.Key, sound.Value.Length));

    /// <summary>The announcement of a name; null for none.</summary>
    public Sound? Find(string name) => _sounds.GetValueOrDefault(name);

    /// <summary>The command with announcements in place of their names; null when one is not there.</summary>
    internal RelayCommand.Play? Resolve(RelayCommand.Play play)
    {
        if (play.Sources.IsDefaultOrEmpty || !play.Sources.Any(static source => source is PlaySource.Named)) return play;
        var sources = play.Sources.ToBuilder();
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i] is not PlaySource.Named { Name: var name }) continue;
            if (Find(name) is not { } sound) return null;
            sources[i] = new PlaySource.Recorded(sound);
        }

        return play with { Sources = sources.MoveToImmutable() };
    }

    private static string Describe(SoundError error) => error switch
    {
        SoundError.NotWav => "not a WAV file",
        SoundError.Encoding => "neither linear 16 bits nor A-law nor µ-law, or more than two channels",
        SoundError.Rate => "not 8000 samples a second",
        _ => "nothing in it",
    };
}
