using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Routing;

namespace MgcpSipBridge.Host.Api;

/// <summary>Clients that route calls: each a stream of questions one way and of answers the other.</summary>
internal sealed class RoutingResource(RouterHub hub, ApiAccess access, AuditTrail trail, EventLog events, RoutingSection settings, EventsSection pace) : V1.RoutingService.RoutingServiceBase
{
    /// <summary>How long a client may take to say what it routes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A router may name a hundred thousand lines.
    private const int MostShown = 100;

    public override async Task Decide(IAsyncStreamReader<V1.DecideRequest> requests, IServerStreamWriter<V1.DecideResponse> responses, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var open = access.Begin(http, ApiRole.Router);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, events.Stopping);
        Station? station = null;
        Task[] parts = [];
        var orderly = false;
        try
        {
            station = hub.Enter(Read(await FirstAsync(requests, ends.Token)), context.Who()) ?? throw ApiErrors.Exhausted("TOO_MANY_ROUTERS", $"{RouterHub.MostRouters} route already");
            // Before the first call is asked about: whoever decides was written down.
            await trail.DidAsync(context, "register", "routers/" + station.Model.Name);
            hub.Begin(station);
            parts = [ReadAsync(station, requests, ends.Token), WriteAsync(station, responses, ends.Token), WatchTokenAsync(open, http, ends.Token)];
            // Only the first ends by itself: the client has said all that it wants to say.
            await await Task.WhenAny(parts);
            orderly = true;
        }
        catch (Exception) when (events.Stopping.IsCancellationRequested)
        {
            orderly = true;
            throw ApiErrors.Ending();
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client went away: nobody is left to be told.
        }
        catch (InvalidProtocolBufferException e)
        {
            // It is an IOException, too, and no sign of a client that went away.
            throw ApiErrors.Undecodable(e);
        }
        catch (IOException)
        {
            // So it did, and was seen to before the call was over.
        }
        finally
        {
            if (station is not null) hub.Leave(station, orderly);
            await ends.CancelAsync();
            await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override Task<V1.ListRoutersResponse> ListRouters(V1.ListRoutersRequest request, ServerCallContext context)
    {
        // Of two with one name the one that came first stands first.
        var (page, next) = Listing.Page(hub.All, station => $"{station.Model.Name} {station.Model.Id:D19}", Show, new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return Task.FromResult(new V1.ListRoutersResponse { Routers = { page }, NextPageToken = next });
    }

    private static V1.Router Show(Station station)
    {
        var (model, counts) = (station.Model, station.Counts);
        return new V1.Router
        {
            Name = model.Name,
            Client = station.Client,
            Since = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(station.Since),
            Lines = { model.Lines.Order(StringComparer.Ordinal).Take(MostShown) },
            LineCount = model.Lines.Count,
            Prefixes = { model.Prefixes.Take(MostShown) },
            PrefixCount = model.Prefixes.Length,
            Calls = model is { FromLines: true, ToLines: true } ? V1.RouterRegistration.Types.Calls.Both : model.ToLines ? V1.RouterRegistration.Types.Calls.ToLines : V1.RouterRegistration.Types.Calls.FromLines,
            Priority = model.Priority,
            AskedCount = counts.Asked,
            AnsweredCount = counts.Answered,
            MissedCount = counts.Missed,
            WaitingCount = counts.Waiting,
        };
    }

    private static async Task<V1.RouterRegistration> FirstAsync(IAsyncStreamReader<V1.DecideRequest> requests, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            if (await requests.MoveNext(patience.Token) && requests.Current.Register is { } register) return register;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // It takes too long.
        }

        throw ApiErrors.BadField("register", "is what a router says first, and at once");
    }

    /// <summary>A stream is as good as the token that opened it.</summary>
    private async Task WatchTokenAsync(OpenStream open, HttpContext http, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(pace.Heartbeat);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, open.Withdrawn);
        try
        {
            while (await timer.WaitForNextTickAsync(either.Token))
                if (!access.StillMay(http, ApiRole.Router)) throw ApiErrors.CredentialWithdrawn();
        }
        catch (OperationCanceledException) when (open.IsWithdrawn)
        {
            throw ApiErrors.CredentialWithdrawn();
        }
    }

    private async Task ReadAsync(Station station, IAsyncStreamReader<V1.DecideRequest> requests, CancellationToken cancel)
    {
        while (await requests.MoveNext(cancel))
        {
            if (requests.Current.Decision is not { } decision) throw ApiErrors.BadField("decision", "is all that a router says once it is registered");
            if (!long.TryParse(decision.Question, NumberStyles.None, CultureInfo.InvariantCulture, out var query)) throw ApiErrors.BadField("decision.question", "is not the id of a question");
            hub.Answer(station, query, Read(decision));
        }
    }

    private async Task WriteAsync(Station station, IServerStreamWriter<V1.DecideResponse> responses, CancellationToken cancel)
    {
        await responses.WriteAsync(new V1.DecideResponse { Registered = new V1.RouterRegistered { Deadline = settings.Deadline.ToDuration() } }, cancel);
        await foreach (var asked in station.FetchAsync(cancel)) await responses.WriteAsync(new V1.DecideResponse { Question = Write(asked) }, cancel);
    }

    private static V1.RoutingQuestion Write(EngineOutput.AskRouter asked)
    {
        var question = asked.Question;
        return new V1.RoutingQuestion
        {
            Id = asked.Query.ToString(CultureInfo.InvariantCulture),
            Direction = question.FromLine ? V1.Call.Types.Direction.MgcpToSip : V1.Call.Types.Direction.SipToMgcp,
            Call = question.CallId,
            Line = question.Line ?? "",
            Gateway = question.Gateway ?? "",
            Peer = question.Peer ?? "",
            Number = question.Number,
            Caller = question.Caller,
            CallerName = question.CallerName ?? "",
        };
    }

    private static RouterModel Read(V1.RouterRegistration asked)
    {
        if (ProvisioningValidator.NameProblem(asked.Name) is { } problem) throw ApiErrors.BadField("register.name", problem);
        if (asked.Lines.Count > 100_000) throw ApiErrors.BadField("register.lines", "has more than 100000 entries");
        if (asked.Prefixes.Count > 1000) throw ApiErrors.BadField("register.prefixes", "has more than 1000 entries");
        if (asked.Prefixes.FirstOrDefault(prefix => !ProvisioningValidator.IsNumber(prefix)) is { } wrong) throw ApiErrors.BadField("register.prefixes", $"\"{wrong}\" begins no number");
        return new RouterModel(0, asked.Name)
        {
            Priority = asked.Priority,
            FromLines = asked.Calls != V1.RouterRegistration.Types.Calls.ToLines,
            ToLines = asked.Calls is V1.RouterRegistration.Types.Calls.ToLines or V1.RouterRegistration.Types.Calls.Both,
            Lines = [.. asked.Lines.Select(line => line.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? line[..slash] + line[slash..].ToLowerInvariant() : line)],
            Prefixes = [.. asked.Prefixes],
        };
    }

    // What cannot be is the engine's to say: it knows the question.
    private static RouterDecision Read(V1.RoutingDecision decision) => decision.WhatCase switch
    {
        V1.RoutingDecision.WhatOneofCase.Route => Read(decision.Route),
        V1.RoutingDecision.WhatOneofCase.Reject => new RouterDecision.Reject(decision.Reject.Cause == 0 ? 21 : decision.Reject.Cause),
        V1.RoutingDecision.WhatOneofCase.MoreDigits => RouterDecision.MoreDigits.Instance,
        V1.RoutingDecision.WhatOneofCase.Attend => RouterDecision.Attend.Instance,
        V1.RoutingDecision.WhatOneofCase.Pass => RouterDecision.Pass.Instance,
        _ => new RouterDecision.Reject(0),
    };

    private static RouterDecision Read(V1.RouteTo to)
    {
        foreach (var number in (string[])[to.Number, to.Caller])
            if (number.Length > 0 && !ProvisioningValidator.IsNumber(number)) return new RouterDecision.Reject(0);
        return new RouterDecision.Route([.. to.Peers.Distinct(StringComparer.Ordinal)], to.Number.Length > 0 ? to.Number : null, to.Caller.Length > 0 ? to.Caller : null);
    }
}
