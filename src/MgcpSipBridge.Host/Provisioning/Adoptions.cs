using System.Collections.Concurrent;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Takes gateways that nobody configured into the live model once they have said what they have: at an operator's word, or unasked where the settings say so.
/// They have no lines, whose numbers only an operator knows, and last until the process ends.
/// </summary>
internal sealed partial class Adoptions(LiveModel model, IShardQueries shard, int most, ILogger log)
{
    private readonly ConcurrentDictionary<(string Domain, UInt128 Host), TaskCompletionSource<string?>> _waiting = new();

    /// <summary>
    /// Asks a discovered gateway what it has and takes it: the name that it got; null when it did not answer, or there is no room. Ends when it has answered all.
    /// </summary>
    public async Task<string?> AdoptAsync(DiscoveredGateway found, CancellationToken cancel)
    {
        var waiting = _waiting.GetOrAdd(Key(found.Domain, found.Address), _ => new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (await shard.AskAsync(new EngineQuery.Adopt(found.Domain, found.Address), cancel) is not true) End(found.Domain, found.Address, null);
        return await waiting.Task.WaitAsync(cancel);
    }

    /// <summary>Follows the engine's notes. Called by the shard's loop, so that the change itself is done elsewhere.</summary>
    public void Apply(EngineNote note)
    {
        if (note is EngineNote.GatewayProposed proposed) Begin(proposed.Proposal);
    }

    // Beside Apply(), which would make room for what the task keeps at every note that it looks at.
    private void Begin(GatewayProposal proposal) => _ = Task.Run(() => TakeAsync(proposal));

    /// <summary>A name in lines.yaml's letters made of a domain, and not one of those taken.</summary>
    internal static string NameFor(string domain, IReadOnlySet<string> taken)
    {
        var name = GatewayNames.Plain(domain);
        if (!taken.Contains(name)) return name;
        var number = 2;
        while (taken.Contains($"{name}-{number}")) number++;
        return $"{name}-{number}";
    }

    private static (string, UInt128) Key(string domain, NetAddress address) => (domain.ToLowerInvariant(), address.Address);

    private async Task TakeAsync(GatewayProposal proposal)
    {
        string? name = null;
        try
        {
            if (proposal.Code == 0)
            {
                Log.Silent(log, proposal.Domain, proposal.Address);
                return;
            }

            var full = false;
            var changed = await model.ChangeAsync(now =>
            {
                name = now.Gateways.FirstOrDefault(g => g.Mgcp.Domain.Equals(proposal.Domain, StringComparison.OrdinalIgnoreCase))?.Mgcp.Name;
                full = now.Gateways.Count(g => g.IsAdopted) >= most;
                if (name is not null || full) return null;
                name = NameFor(proposal.Domain, now.Gateways.Select(g => g.Mgcp.Name).ToHashSet(StringComparer.Ordinal));
                var adopted = new MgcpGatewayModel(name, proposal.Domain, proposal.Address, MgcpProfile.Auto, []);
                return now with { Gateways = now.Gateways.Add(new GatewayModel(adopted) { IsAdopted = true }) };
            });
            if (changed) Log.Adopted(log, name!, proposal.Domain, proposal.Address, proposal.Endpoints.Length);
            else if (full) Log.Full(log, proposal.Domain, proposal.Address, most);
        }
#pragma warning disable CA1031 // Nobody waits for this task but those whose adoption it ends.
        catch (Exception e)
#pragma warning restore CA1031
        {
            name = null;
            Log.Failed(log, proposal.Domain, e);
        }
        finally
        {
            End(proposal.Domain, proposal.Address, name);
        }
    }

    private void End(string domain, NetAddress address, string? name)
    {
        if (_waiting.TryRemove(Key(domain, address), out var waiting)) waiting.TrySetResult(name);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2020, EventName = "GatewayAdopted", Level = LogLevel.Information, Message = "Gateway {Gateway} ({Domain} at {Address}) is adopted until the bridge ends; it has {Endpoints} endpoints, which become lines through lines.yaml")]
        internal static partial void Adopted(ILogger logger, string gateway, string domain, NetAddress address, int endpoints);

        [LoggerMessage(EventId = 2021, EventName = "GatewayAdoptionUnanswered", Level = LogLevel.Warning, Message = "Gateway {Domain} at {Address} was asked what it has and does not answer: not adopted")]
        internal static partial void Silent(ILogger logger, string domain, NetAddress address);

        [LoggerMessage(EventId = 2022, EventName = "GatewayAdoptionRefused", Level = LogLevel.Warning, Message = "Gateway {Domain} at {Address} is not adopted: there are {Most} already (Mgcp:MaxDiscovered)")]
        internal static partial void Full(ILogger logger, string domain, NetAddress address, int most);

        [LoggerMessage(EventId = 2023, EventName = "GatewayAdoptionFailed", Level = LogLevel.Error, Message = "Gateway {Domain} could not be adopted")]
        internal static partial void Failed(ILogger logger, string domain, Exception exception);
    }
}
