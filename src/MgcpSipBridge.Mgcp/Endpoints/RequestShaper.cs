using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>Turns the request that the engine wishes into one that this gateway takes, by what is known of it.</summary>
internal static class RequestShaper
{
    /// <summary>
    /// The request under <paramref name="traits"/>: refused signals replaced or left out, refused events left out, digits in the gateway's package, one
    /// by one where it takes no map, and tones in <paramref name="playing"/> stopped by name where it wants that.
    /// </summary>
    public static NotificationRequest Shape(NotificationRequest request, GatewayTraits traits, IReadOnlyCollection<string> playing)
    {
        var signals = ImmutableArray.CreateBuilder<SignalRequest>(request.Signals.Length);
        foreach (var signal in request.Signals)
        {
            // A signal may stand in S: once only (RFC 3435 §2.3.3), and substitutes may meet.
            if (Shape(signal, traits) is { } shaped && !Contains(signals, shaped.Signal)) signals.Add(shaped);
        }

        if (traits.ExplicitToneStop)
        {
            foreach (var tone in playing)
            {
                if (!Contains(signals, tone)) signals.Add(new SignalRequest(tone, "-"));
            }
        }

        var events = ImmutableArray.CreateBuilder<RequestedEvent>(request.Events.Length);
        foreach (var requested in request.Events)
        {
            if (Shape(requested, traits) is { } shaped) events.Add(shaped);
        }

        return new NotificationRequest(events.ToImmutable(), signals.ToImmutable(), traits.DigitMaps ? request.DigitMap : null) { Loop = request.Loop && traits.LoopMode };
    }

    /// <summary>The tones that go on after a request was taken.</summary>
    public static List<string> TonesOf(NotificationRequest shaped)
    {
        List<string> tones = [];
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters != "-" && PackageVocabulary.IsTone(signal.Signal)) tones.Add(signal.Signal);
        }

        return tones;
    }

    private static SignalRequest? Shape(SignalRequest signal, GatewayTraits traits)
    {
        if (!traits.CallerId && PackageVocabulary.IsCallerId(signal.Signal)) return null;
        var name = signal.Signal;
        var (package, rest) = PackageVocabulary.Split(name);
        // Ringback and congestion are in G (RFC 3660 §2.1), in NCS in L.
        var bare = PackageVocabulary.WithoutConnection(rest);
        if (package is "G" or "g" or "L" or "l" && bare.Equals("rt", StringComparison.OrdinalIgnoreCase)) name = $"{traits.CallProgressPackage}/{rest}";
        if (package is "G" or "g" && bare.Equals("cg", StringComparison.OrdinalIgnoreCase)) name = $"{traits.CallProgressPackage}/{rest}";
        if (traits.RefusedNames.Count == 0 || !traits.RefusedNames.Contains(PackageVocabulary.WithoutConnection(name))) return signal with { Signal = name };
        foreach (var substitute in PackageVocabulary.SubstitutesOf(PackageVocabulary.WithoutConnection(name)))
        {
            if (!traits.RefusedNames.Contains(substitute)) return new SignalRequest(substitute);
        }

        return null;
    }

    private static RequestedEvent? Shape(RequestedEvent requested, GatewayTraits traits)
    {
        if (!PackageVocabulary.IsDigits(requested.Event)) return traits.RefusedNames.Contains(requested.Event) ? null : requested;
        var digits = PackageVocabulary.Split(requested.Event).Name;
        if (traits.DigitMaps) return requested with { Event = $"{traits.DigitPackage}/{digits}" };
        // Without a map every digit is notified by itself, and a timer that is not accumulated would run from the start (RFC 3660 §2.2).
        digits = digits.Replace("T", "", StringComparison.OrdinalIgnoreCase);
        if (digits is "" or "[]") return null;
        var action = requested.Action.Equals("D", StringComparison.OrdinalIgnoreCase) ? "N" : requested.Action;
        return new RequestedEvent($"{traits.DigitPackage}/{digits}", action);
    }

    private static bool Contains(ImmutableArray<SignalRequest>.Builder signals, string name)
    {
        foreach (var signal in signals)
        {
            if (signal.Signal.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
