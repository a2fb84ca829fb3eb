using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>Why a gateway's trait is what it is.</summary>
public enum TraitSource
{
    /// <summary>Its profile presumes it, and nothing has shown otherwise.</summary>
    Preset,

    /// <summary>The gateway has shown it.</summary>
    Learnt,

    /// <summary>The operator decided it.</summary>
    Overridden,
}

/// <summary>One trait of a gateway as operators see it.</summary>
/// <param name="Name">Its name, as it stands under <c>traits</c> in lines.yaml.</param>
/// <param name="Value">Its value, as it would be written there.</param>
/// <param name="Source">Where the value comes from.</param>
public sealed record TraitView(string Name, string Value, TraitSource Source)
{
    /// <summary>Every trait of a gateway, as <paramref name="now"/> has it.</summary>
    public static ImmutableArray<TraitView> Of(MgcpGatewayModel model, GatewayTraits now)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(now);
        var preset = GatewayTraits.Preset(model.Profile);
        var mine = model.Overrides ?? new TraitOverrides();
        return
        [
            Text("version", mine.Version, preset.Version, now.Version),
            Flag("digitMaps", mine.DigitMaps, preset.DigitMaps, now.DigitMaps),
            new TraitView("maxDigitMapBytes", now.MaxDigitMapBytes.ToString(CultureInfo.InvariantCulture), SourceOf(mine.MaxDigitMapBytes is not null, preset.MaxDigitMapBytes != now.MaxDigitMapBytes)),
            new TraitView("digitMapQuirks", Word(now.DigitMapQuirks), SourceOf(mine.DigitMapQuirks is not null, preset.DigitMapQuirks != now.DigitMapQuirks)),
            Text("digitPackage", mine.DigitPackage, preset.DigitPackage, now.DigitPackage),
            Text("callProgressPackage", mine.CallProgressPackage, preset.CallProgressPackage, now.CallProgressPackage),
            Flag("piggyback", mine.Piggyback, preset.Piggyback, now.Piggyback),
            Flag("encapsulatedRequests", mine.EncapsulatedRequests, preset.EncapsulatedRequests, now.EncapsulatedRequests),
            Flag("callerId", mine.CallerId, preset.CallerId, now.CallerId),
            Flag("explicitToneStop", mine.ExplicitToneStop, preset.ExplicitToneStop, now.ExplicitToneStop),
            Flag("loopMode", mine.LoopMode, preset.LoopMode, now.LoopMode),
            Flag("confirmAnswers", mine.ConfirmAnswers, preset.ConfirmAnswers, now.ConfirmAnswers),
            new TraitView("answers", Word(now.Answers), SourceOf(mine.Answers is not null, preset.Answers != now.Answers)),
            Text("defaultPackage", mine.DefaultPackage, preset.DefaultPackage, now.DefaultPackage),
            Text("linePackage", mine.LinePackage, preset.LinePackage, now.LinePackage),
            Text("packages", mine.Packages, preset.Packages, now.Packages),
            Flag("oneAtATime", mine.OneAtATime, preset.OneAtATime, now.OneAtATime),
            Flag("entityInConnections", mine.EntityInConnections, preset.EntityInConnections, now.EntityInConnections),
            Flag("bulkAudit", mine.BulkAudit, preset.BulkAudit, now.BulkAudit),
            Flag("embeddedRequests", mine.EmbeddedRequests, preset.EmbeddedRequests, now.EmbeddedRequests),
            Flag("detectEvents", mine.DetectEvents, preset.DetectEvents, now.DetectEvents),
            Flag("persistentEvents", mine.PersistentEvents, preset.PersistentEvents, now.PersistentEvents),
            Flag("persistentHook", mine.PersistentHook, preset.PersistentHook, now.PersistentHook),
            // Not for operators to decide: what was found out by trial, and what the gateway refused.
            new TraitView("checksHook", now.ChecksHook is { } checks ? checks ? "true" : "false" : "", SourceOf(false, now.ChecksHook is not null)),
            new TraitView("refusedNames", string.Join(' ', now.RefusedNames.Order(StringComparer.Ordinal)), SourceOf(false, !now.RefusedNames.IsEmpty)),
        ];
    }

    /// <summary>A source of answers as lines.yaml spells it.</summary>
    public static string Word(ResponseSource source) => source switch
    {
        ResponseSource.SameHost => "sameHost",
        ResponseSource.Anywhere => "anywhere",
        _ => "exact",
    };

    /// <summary>How a gateway reads digit maps, as lines.yaml spells it.</summary>
    public static string Word(DigitMapQuirks quirks)
    {
        var name = quirks.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static TraitView Text(string name, string? mine, string preset, string now) => new(name, now, SourceOf(mine is not null, preset != now));

    private static TraitView Flag(string name, bool? mine, bool preset, bool now) => new(name, now ? "true" : "false", SourceOf(mine is not null, preset != now));

    private static TraitSource SourceOf(bool decided, bool differs) => decided ? TraitSource.Overridden : differs ? TraitSource.Learnt : TraitSource.Preset;
}
