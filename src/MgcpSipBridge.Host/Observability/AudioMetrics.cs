using MgcpSipBridge.Media;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>What is counted of calls' audio: how good it was, and whether there was any.</summary>
internal sealed class AudioMetrics
{
    private static readonly double[] JitterBuckets = [.001, .002, .005, .01, .02, .03, .05, .1];
    private static readonly double[] LossBuckets = [0, .001, .005, .01, .02, .03, .05, .1, .25, .5];
    private static readonly double[] RoundTripBuckets = [.005, .01, .02, .05, .1, .15, .2, .3, .5, 1];
    private static readonly double[] MosBuckets = [1, 2, 2.5, 3, 3.3, 3.6, 3.8, 4, 4.1, 4.2, 4.3, 4.4];
    private readonly Histogram _jitter;
    private readonly Histogram _loss;
    private readonly Counter _lost;
    private readonly Histogram _roundTrip;
    private readonly Histogram _mos;
    private readonly Counter _oneWay;
    private readonly Counter _silent;
    private readonly Counter _died;
    private readonly Counter _digitsLost;

    /// <summary>Declares everything.</summary>
    public AudioMetrics(MetricFactory metrics)
    {
        _jitter = metrics.CreateHistogram("mgcpsipbridge_rtp_jitter_seconds", "Interarrival jitter at the end of a stream.", new HistogramConfiguration { Buckets = JitterBuckets });
        _loss = metrics.CreateHistogram("mgcpsipbridge_rtp_loss_ratio", "Share of a stream's packets that never arrived.", new HistogramConfiguration { Buckets = LossBuckets });
        _lost = metrics.CreateCounter("mgcpsipbridge_rtp_packets_lost_total", "RTP packets of an end that never arrived, of calls that are over.", ["side"]);
        _roundTrip = metrics.CreateHistogram("mgcpsipbridge_rtp_round_trip_seconds", "From the relay to an end and back, by its last RTCP report; of ends that report.",
            ["side"], new HistogramConfiguration { Buckets = RoundTripBuckets });
        _mos = metrics.CreateHistogram("mgcpsipbridge_rtp_mos_score", "How good what an end said was when it arrived, 1 to 4.41 (E-model, ITU-T G.107).",
            ["side"], new HistogramConfiguration { Buckets = MosBuckets });
        _oneWay = metrics.CreateCounter("mgcpsipbridge_calls_one_way_audio_total", "Answered calls in which one end was not heard, by that end; once a call.", "silent");
        _silent = metrics.CreateCounter("mgcpsipbridge_calls_no_audio_total", "Answered calls in which neither end was heard; once a call.");
        _died = metrics.CreateCounter("mgcpsipbridge_calls_media_timeout_total", "Calls that were ended because neither end was heard for Relay:MediaTimeout.");
        _digitsLost = metrics.CreateCounter("mgcpsipbridge_digits_lost_total", "Digits that an end was to hear and did not, by that end: too many waited for it, or it takes none in any form.", "side");
        foreach (var side in Enum.GetValues<RelaySide>())
        {
            _digitsLost.WithLabels(BridgeMetrics.Snake(side));
            _lost.WithLabels(BridgeMetrics.Snake(side));
            _oneWay.WithLabels(BridgeMetrics.Snake(side));
            _roundTrip.WithLabels(BridgeMetrics.Snake(side));
            _mos.WithLabels(BridgeMetrics.Snake(side));
        }
    }

    /// <summary>An end, or both, are not heard for the first time in a call.</summary>
    public void Silent(RelayAudio audio)
    {
        if (audio == RelayAudio.Silent) _silent.Inc();
        else _oneWay.WithLabels(BridgeMetrics.Snake(audio == RelayAudio.GatewaySilent ? RelaySide.Gateway : RelaySide.Sip)).Inc();
    }

    /// <summary>A call is ended because neither end is heard.</summary>
    public void Died() => _died.Inc();

    /// <summary>An end did not hear a digit.</summary>
    public void DigitLost(RelaySide towards) => _digitsLost.WithLabels(BridgeMetrics.Snake(towards)).Inc();

    /// <summary>A call's audio is over.</summary>
    public void Closed(RelayStatistics statistics)
    {
        Stream(RelaySide.Gateway, statistics.Gateway);
        Stream(RelaySide.Sip, statistics.Sip);
    }

    private void Stream(RelaySide from, RelaySideStatistics side)
    {
        if (side.PacketsReceived == 0) return;
        var label = BridgeMetrics.Snake(from);
        _jitter.Observe(side.Jitter.TotalSeconds);
        _lost.WithLabels(label).Inc(side.PacketsLost);
        _loss.Observe((double)side.PacketsLost / (side.PacketsReceived + side.PacketsLost));
        if (side.RoundTrip > TimeSpan.Zero) _roundTrip.WithLabels(label).Observe(side.RoundTrip.TotalSeconds);
        if (side.Mos > 0) _mos.WithLabels(label).Observe(side.Mos);
    }
}
