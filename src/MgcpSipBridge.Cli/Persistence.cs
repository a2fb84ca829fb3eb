using System.Security.Authentication;
using Grpc.Core;

namespace MgcpSipBridge.Cli;

/// <summary>
/// Goes on when a bridge was away for a while: what fails for a reason that may pass is asked again until it works. Only once something has worked: whoever names a bridge that is not there
/// wants to know.
/// </summary>
/// <param name="lost">Told once that the bridge is away, and why.</param>
/// <param name="back">Told once that it is back, and what of it.</param>
/// <param name="cancel">Interrupts.</param>
internal sealed class Persistence(Action<string> lost, Action<string> back, CancellationToken cancel)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private bool _reached;
    private bool _away;

    /// <summary>Asks until there is an answer, or a refusal that stays one.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var answer = await ask();
                if (_away) back("the bridge is reached again");
                (_reached, _away) = (true, false);
                return answer;
            }
            catch (RpcException e) when (_reached && MayPass(e) && !cancel.IsCancellationRequested)
            {
                if (!_away) lost($"the connection to the bridge is lost ({Failures.Reason(e)}); trying again until it is back");
                _away = true;
            }

            await Task.Delay(pause, cancel);
        }
    }

    /// <summary>Says what could not be made good.</summary>
    public void Tell(string what) => back(what);

    // What a bridge itself refuses it refuses again; a token that is not known there is none of those that wait for it.
    private static bool MayPass(RpcException failure)
    {
        for (var e = failure.InnerException ?? failure.Status.DebugException; e is not null; e = e.InnerException)
            if (e is AuthenticationException) return false;
        return failure.StatusCode switch
        {
            StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.PermissionDenied or StatusCode.FailedPrecondition or StatusCode.OutOfRange or StatusCode.Unimplemented or StatusCode.Unauthenticated => false,
            // Too many watch: some of those may be connections that broke like ours. Without a word of the bridge, its answer is too large for us.
            StatusCode.ResourceExhausted => failure.Trailers.Count > 0,
            _ => true,
        };
    }
}
