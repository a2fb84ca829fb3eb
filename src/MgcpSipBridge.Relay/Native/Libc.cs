using System.Runtime.InteropServices;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The calls of Linux that the packet loop makes. Only numbers and pointers cross, so that nothing is marshalled; after a result below zero
/// <see cref="LastError"/> says why. Constants are those of 64-bit Linux (x86-64, arm64, riscv64 agree on all of them).
/// </summary>
internal static unsafe partial class Libc
{
    public const int InterNetwork = 2; // AF_INET
    public const int InterNetworkV6 = 10; // AF_INET6
    public const int Netlink = 16; // AF_NETLINK
    public const int Raw = 3; // SOCK_RAW
    public const int Datagram = 2; // SOCK_DGRAM
    public const int NonBlocking = 0x800; // SOCK_NONBLOCK, EFD_NONBLOCK
    public const int CloseOnExec = 0x80000; // SOCK_CLOEXEC, EPOLL_CLOEXEC, EFD_CLOEXEC

    public const int LevelSocket = 1; // SOL_SOCKET
    public const int ReuseAddress = 2; // SO_REUSEADDR
    public const int MemoryInfo = 55; // SO_MEMINFO
    public const int LevelIP = 0; // IPPROTO_IP
    public const int TypeOfService = 1; // IP_TOS
    public const int LevelIPv6 = 41; // IPPROTO_IPV6
    public const int IPv6Only = 26; // IPV6_V6ONLY
    public const int IPv6TrafficClass = 67; // IPV6_TCLASS

    public const int EpollAdd = 1; // EPOLL_CTL_ADD
    public const int EpollDelete = 2; // EPOLL_CTL_DEL
    public const int EpollModify = 3; // EPOLL_CTL_MOD
    public const uint EpollIn = 1; // EPOLLIN

    public const int Peek = 2; // MSG_PEEK
    public const int ReadWrite = 1 | 2; // PROT_READ | PROT_WRITE
    public const int Shared = 1; // MAP_SHARED
    public const nint MapFailed = -1; // MAP_FAILED

    public const int NotPermitted = 1; // EPERM
    public const int Interrupted = 4; // EINTR
    public const int AccessDenied = 13; // EACCES
    public const int Invalid = 22; // EINVAL
    public const int InUse = 98; // EADDRINUSE
    public const int NoBuffers = 105; // ENOBUFS
    public const int Refused = 111; // ECONNREFUSED

    public const int RoundRobin = 2; // SCHED_RR

    private const string Library = "libc";

    // The two calls that every packet takes go past libc's own functions, which make each a point where a thread can be cancelled (pthreads(7)): four
    // atomic operations a packet, for nothing here. Nor do they tell the collector that the thread is away: sockets never block, so it waits some microseconds for them at most.
    private static readonly nint SendNumber = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 44 : 206; // sendto
    private static readonly nint ReceiveNumber = SendNumber + 1; // recvfrom

    /// <summary>Why the call before failed.</summary>
    public static int LastError => Marshal.GetLastSystemError();

    [LibraryImport(Library, EntryPoint = "socket"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Bind(int fd, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "connect"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Connect(int fd, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "setsockopt"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetOption(int fd, int level, int option, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int GetOption(int fd, int level, int option, void* value, uint* length);

    /// <summary>recvfrom(2).</summary>
    public static nint ReceiveFrom(int fd, byte* buffer, nuint length, int flags, byte* address, uint* addressLength) =>
        SystemCall(ReceiveNumber, fd, buffer, length, flags, address, addressLength);

    /// <summary>recv(2).</summary>
    public static nint Receive(int fd, byte* buffer, nuint length, int flags) => SystemCall(ReceiveNumber, fd, buffer, length, flags, null, null);

    /// <summary>sendto(2).</summary>
    public static nint SendTo(int fd, byte* buffer, nuint length, int flags, byte* address, uint addressLength) =>
        SystemCall(SendNumber, fd, buffer, length, flags, address, (void*)addressLength);

    /// <summary>send(2).</summary>
    public static nint Send(int fd, byte* buffer, nuint length, int flags) => SystemCall(SendNumber, fd, buffer, length, flags, null, null);

    [LibraryImport(Library, EntryPoint = "epoll_create1"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int EpollControl(int epoll, int operation, int fd, byte* change);

    [LibraryImport(Library, EntryPoint = "epoll_wait"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int EpollWait(int epoll, byte* events, int capacity, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport(Library, EntryPoint = "read"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Read(int fd, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Write(int fd, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "close"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "getsockname"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int GetName(int fd, byte* address, uint* length);

    [LibraryImport(Library, EntryPoint = "syscall"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint SystemCall(nint number, nint first, void* second, nint third);

    [LibraryImport(Library, EntryPoint = "syscall"), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemCall(nint number, int fd, byte* buffer, nuint length, nint flags, void* address, void* addressLength);

    [LibraryImport(Library, EntryPoint = "mmap"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Map(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Unmap(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "usleep"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Sleep(uint microseconds);

    [LibraryImport(Library, EntryPoint = "prctl"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ProcessControl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(Library, EntryPoint = "sched_setscheduler"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetScheduler(int thread, int policy, int* parameter);
}
