using System.Collections.Immutable;
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
            Text("digitPackage", mine.DigitPackage, preset.DigitPackage, now.DigitPackage),
            Text("callProgressPackage", mine.CallProgressPackage, preset.CallProgressPackage, now.CallProgressPackage),
            Flag("piggyback", mine.Piggyback, preset.Piggyback, now.Piggyback),
            Flag("encapsulatedRequests", mine.EncapsulatedRequests, preset.EncapsulatedRequests, now.EncapsulatedRequests),
            Flag("callerId", mine.CallerId, preset.CallerId, now.CallerId),
            Flag("explicitToneStop", mine.ExplicitToneStop, preset.ExplicitToneStop, now.ExplicitToneStop),
            Flag("loopMode", mine.LoopMode, preset.LoopMode, now.LoopMode),
            Flag("confirmAnswers", mine.ConfirmAnswers, preset.ConfirmAnswers, now.ConfirmAnswers),
            new TraitView("answers", Word(now.Answers), SourceOf(mine.Answers is not null, preset.Answers != now.Answers)),
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

    private static TraitView Text(string name, string? mine, string preset, string now) => new(name, now, SourceOf(mine is not null, preset != now));

    private static TraitView Flag(string name, bool? mine, bool preset, bool now) => new(name, now ? "true" : "false", SourceOf(mine is not null, preset != now));

    private static TraitSource SourceOf(bool decided, bool differs) => decided ? TraitSource.Overridden : differs ? TraitSource.Learnt : TraitSource.Preset;
}
