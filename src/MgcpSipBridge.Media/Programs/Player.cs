using System.Collections.Immutable;

namespace MgcpSipBridge.Media;

/// <summary>Plays sources one after the other, as often as was asked for, with a pause after each round.</summary>
internal sealed class Player
{
    private const int NoLimit = int.MaxValue;

    private readonly ImmutableArray<PlaySource> _sources;
    private readonly int _times;
    private readonly int _pause; // samples
    private ToneGenerator? _tone;
    private ReadOnlyMemory<short> _samples;
    private int _at = -1;
    private int _left; // of the current source, or of the pause
    private int _round;

    public Player(RelayCommand.Play play)
    {
        Id = play.Id;
        StopsOnDigit = play.StopOnDigit;
        _sources = play.Sources;
        _times = play.Times;
        _pause = Samples(play.Pause);
        Next();
    }

    public PlayId Id { get; }

    /// <summary>Whether a digit from the end that hears it stops it.</summary>
    public bool StopsOnDigit { get; }

    /// <summary>Whether nothing is left to play.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether anything in it can be played at all.</summary>
    public static bool CanPlay(RelayCommand.Play play) =>
        !play.Sources.IsDefaultOrEmpty && play.Times >= 0 && !play.Sources.Any(static source => source is PlaySource.Named)
        // What has no length in any round would be played without end in no time.
        && (play.Pause > TimeSpan.Zero || play.Sources.Any(static source => Length(source) > 0));

    /// <summary>Fills a frame; with silence once it is over.</summary>
    public void Fill(Span<short> frame)
    {
        while (!frame.IsEmpty && !IsOver)
        {
            var take = Math.Min(frame.Length, _left);
            if (_tone is { } tone)
            {
                tone.Fill(frame[..take]);
            }
            else if (!_samples.IsEmpty)
            {
                _samples.Span[..take].CopyTo(frame);
                _samples = _samples[take..];
            }
            else
            {
                frame[..take].Clear();
            }

            frame = frame[take..];
            if (_left != NoLimit) _left -= take;
            if (_left == 0) Next();
        }

        frame.Clear();
    }

    private void Next()
    {
        do
        {
            _tone = null;
            _samples = default;
            if (++_at < _sources.Length)
            {
                _left = Length(_sources[_at]);
                if (_sources[_at] is PlaySource.Tones { Tone: var tone }) _tone = new ToneGenerator(tone);
                else if (_sources[_at] is PlaySource.Recorded { Sound: var sound }) _samples = sound.Samples;
                continue;
            }

            if (_times != 0 && ++_round >= _times)
            {
                IsOver = true;
                return;
            }

            _at = -1;
            _left = _pause;
        }
        while (_left == 0);
    }

    private static int Length(PlaySource source) => source switch
    {
        PlaySource.Tones { Length: { } length } => Samples(length),
        PlaySource.Tones => NoLimit,
        PlaySource.Silence silence => Samples(silence.Length),
        PlaySource.Recorded recorded => recorded.Sound.Samples.Length,
        _ => 0,
    };

    private static int Samples(TimeSpan length) => (int)Math.Clamp(length.TotalSeconds * G711.SampleRate, 0, NoLimit - 1);
}
