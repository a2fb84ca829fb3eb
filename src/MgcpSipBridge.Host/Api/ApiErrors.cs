using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Storage;
using Code = Grpc.Core.StatusCode;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Refusals with <c>google.rpc</c> details. A reason is for programs and never changes its meaning; the message is for people.
/// </summary>
internal static class ApiErrors
{
    /// <summary>Domain of every reason.</summary>
    public const string Domain = "mgcpsipbridge";

    // They travel as metadata, in base64, of which many clients take no more than 8 kB.
    private const int MostFieldBytes = 4800;
    private const int MostMessage = 500;
    private const string All = "fields";

    // The longer ones first.
    private static readonly string[] Kinds = ["call record", "call", "audit entry", "discovered gateway", "gateway or line", "gateway", "line", "peer", "route", "recording"];

    /// <summary>NOT_FOUND.</summary>
    public static RpcException NotFound(ResourceKey key) => NotFound(key.ToString());

    /// <summary>NOT_FOUND of what is named by its kind and its name, such as <c>call record 7</c>.</summary>
    public static RpcException NotFound(string what)
    {
        var kind = Kinds.FirstOrDefault(kind => what.StartsWith(kind + " ", StringComparison.Ordinal)) ?? "";
        var info = new ResourceInfo { ResourceType = kind, ResourceName = kind.Length > 0 ? what[(kind.Length + 1)..] : what, Description = "is not there" };
        return Make(Code.NotFound, "RESOURCE_NOT_FOUND", $"{what} not found", info);
    }

    /// <summary>NOT_FOUND: no such call, live or recently ended.</summary>
    public static RpcException NoCall(string call) => NotFound($"call {call}");

    /// <summary>NOT_FOUND: no such announcement.</summary>
    public static RpcException NoSound(string name) => Make(Code.NotFound, "SOUND_NOT_FOUND", $"there is no sound {name} in Sounds:Folder");

    /// <summary>ALREADY_EXISTS, with where the other one is.</summary>
    public static RpcException Exists(ResourceKey key, string where) => Make(Code.AlreadyExists, "RESOURCE_EXISTS", $"{key} is there already, {where}");

    /// <summary>FAILED_PRECONDITION: lines.yaml is changed in lines.yaml.</summary>
    public static RpcException ReadOnly(ResourceKey key, Place declared) =>
        Make(Code.FailedPrecondition, "DECLARED_IN_FILE", $"{key} is declared in {declared}, and is changed there");

    /// <summary>FAILED_PRECONDITION: an adopted gateway has nothing that could be changed.</summary>
    public static RpcException Adopted(ResourceKey key) =>
        Make(Code.FailedPrecondition, "GATEWAY_ADOPTED", $"{key} is adopted until the bridge ends; create it, and it is provisioned");

    /// <summary>ABORTED: somebody else was first.</summary>
    public static RpcException Stale(ResourceKey key) => Make(Code.Aborted, "ETAG_MISMATCH", $"{key} was changed since it was read: read it again");

    /// <summary>FAILED_PRECONDITION, with all that needs the resource (the first forty: details travel as metadata, which is small).</summary>
    public static RpcException InUse(ResourceKey key, IReadOnlyCollection<ResourceKey> users)
    {
        var details = new PreconditionFailure();
        foreach (var user in users.Take(40))
            details.Violations.Add(new PreconditionFailure.Types.Violation { Type = "IN_USE", Subject = user.Path, Description = $"{user} needs {key}" });
        var named = string.Join(", ", users.Take(5)) + (users.Count > 5 ? $" and {users.Count - 5} more" : "");
        return Make(Code.FailedPrecondition, "RESOURCE_IN_USE", $"{key} is in use by {named}", details);
    }

    /// <summary>INVALID_ARGUMENT with every mistake; fields as the message of <paramref name="key"/> names them.</summary>
    public static RpcException Invalid(ResourceKey key, ConfigProblems problems)
    {
        var prefix = key.Path + ".";
        var violations = problems.Items.Select(problem => new BadRequest.Types.FieldViolation
        {
            Field = problem.Path.StartsWith(prefix, StringComparison.Ordinal) ? MessageJson.Field(problem.Path[prefix.Length..]) : problem.Path,
            Description = problem.Message,
        }).ToList();
        return Make(Code.InvalidArgument, "RESOURCE_INVALID", $"{key}: {string.Join("; ", violations.Take(5).Select(v => $"{v.Field}: {v.Description}"))}", new BadRequest { FieldViolations = { violations } });
    }

    /// <summary>INVALID_ARGUMENT with every mistake of a whole; fields with their lines and paths in it.</summary>
    public static RpcException Invalid(string what, ConfigProblems problems)
    {
        var violations = problems.Items.Select(problem => new BadRequest.Types.FieldViolation
        {
            Field = problem.Path,
            Description = problem.Place.Line > 0 ? $"line {problem.Place.Line}: {problem.Message}" : problem.Message,
        }).ToList();
        return Make(Code.InvalidArgument, "RESOURCE_INVALID", $"{what}: {string.Join("; ", violations.Take(5).Select(v => $"{v.Field}: {v.Description}"))}", new BadRequest { FieldViolations = { violations } });
    }

    /// <summary>INVALID_ARGUMENT: fields that never change.</summary>
    public static RpcException Immutable(ResourceKey key, IReadOnlyCollection<BadRequest.Types.FieldViolation> fields) =>
        Make(Code.InvalidArgument, "FIELD_IMMUTABLE", $"{key}: {string.Join("; ", fields.Select(f => $"{f.Field} {f.Description}"))}", new BadRequest { FieldViolations = { fields } });

    /// <summary>INVALID_ARGUMENT about one field of the request.</summary>
    public static RpcException BadField(string field, string description) => Make(Code.InvalidArgument, "REQUEST_INVALID", $"{field}: {description}",
        new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = description } } });

    /// <summary>FAILED_PRECONDITION for a reason of its own.</summary>
    public static RpcException NotNow(string reason, string message) => Make(Code.FailedPrecondition, reason, message);

    /// <summary>UNAVAILABLE: nothing was changed, and calls go on.</summary>
    public static RpcException StoreUnavailable(string why) => Make(Code.Unavailable, "STORE_UNAVAILABLE", $"nothing was changed, for it cannot be kept: {why}");

    /// <summary>UNAVAILABLE: what is kept cannot be read at the moment.</summary>
    public static RpcException StoreUnreadable(string why) => Make(Code.Unavailable, "STORE_UNAVAILABLE", $"it cannot be read: {why}");

    /// <summary>What is read from the storage when it is its turn, or <see cref="StoreUnreadable"/>.</summary>
    public static async Task<T> ReadAsync<T>(this StoreTurns turns, Func<T> read)
    {
        try
        {
            return await turns.TakeAsync(() => Task.FromResult(read()));
        }
        catch (StoreException e)
        {
            throw StoreUnreadable(e.Message);
        }
    }

    /// <summary>RESOURCE_EXHAUSTED for a reason of its own.</summary>
    public static RpcException Exhausted(string reason, string message) => Make(Code.ResourceExhausted, reason, message);

    /// <summary>INVALID_ARGUMENT: an id of another request.</summary>
    public static RpcException RequestIdReused(string id) => Make(Code.InvalidArgument, "REQUEST_ID_REUSED", $"requestId {id} was given to another request",
        new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "requestId", Description = "was given to another request" } } });

    /// <summary>OUT_OF_RANGE for a reason of its own.</summary>
    public static RpcException OutOfRange(string reason, string message) => Make(Code.OutOfRange, reason, message);

    /// <summary>INVALID_ARGUMENT: a token that this list has not answered.</summary>
    public static RpcException BadPageToken(string description) => Make(Code.InvalidArgument, "INVALID_PAGE_TOKEN", $"pageToken: {description}",
        new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "pageToken", Description = description } } });

    /// <summary>UNAVAILABLE for a reason of its own.</summary>
    public static RpcException Unavailable(string reason, string message) => Make(Code.Unavailable, reason, message);

    /// <summary>UNAVAILABLE: too much to do.</summary>
    public static RpcException EngineBusy() => Unavailable("ENGINE_BUSY", "the engine did not answer in time");

    /// <summary>UNAUTHENTICATED in the midst of a stream.</summary>
    public static RpcException CredentialWithdrawn() => Make(Code.Unauthenticated, "CREDENTIAL_WITHDRAWN", "the token or certificate is no longer taken");

    /// <summary>INTERNAL, as gRPC has it (doc/statuscodes.md) where a request cannot be parsed.</summary>
    public static RpcException Undecodable(Exception why) => Make(Code.Internal, "REQUEST_UNDECODABLE", $"the message cannot be read: {why.Message}");

    /// <summary>UNAVAILABLE: the bridge ends.</summary>
    public static RpcException Ending() => Make(Code.Unavailable, "ENDING", "the bridge ends");

    /// <summary>What is wrong, each by itself and all of it: the fields where there are any, else the message.</summary>
    public static IEnumerable<string> Problems(RpcException refusal) =>
        refusal.Data[All] is List<BadRequest.Types.FieldViolation> { Count: > 0 } fields ? fields.Select(f => $"{f.Field}: {f.Description}") : [refusal.Status.Detail];

    private static RpcException Make(Code code, string reason, string message, params IMessage[] details)
    {
        if (message.Length > MostMessage) message = message[..(MostMessage - 1)] + "…";
        var fields = details.OfType<BadRequest>().FirstOrDefault()?.FieldViolations.ToList();
        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }) } };
        status.Details.AddRange(details.Select(detail => Any.Pack(detail is BadRequest all ? Fit(all) : detail)));
        var refusal = new RpcException(new Grpc.Core.Status(code, message), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
        // Not told to the client: for Problems.
        refusal.Data[All] = fields;
        return refusal;
    }

    // The last tells how many there are besides.
    private static BadRequest Fit(BadRequest all)
    {
        var room = MostFieldBytes;
        var fitting = all.FieldViolations.TakeWhile(field => (room -= field.CalculateSize() + 4) >= 0).ToList();
        if (fitting.Count == all.FieldViolations.Count) return all;
        return new BadRequest { FieldViolations = { fitting, new BadRequest.Types.FieldViolation { Description = $"and {all.FieldViolations.Count - fitting.Count} more mistakes" } } };
    }
}
