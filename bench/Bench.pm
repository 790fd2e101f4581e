package Bench;

# What bench/run and bench/instructions share: they build the programs of
# the benchmark, start servers, and read what these have used.
#
# Two tables say what can be measured.  A server is one entry of %servers
# and the function that writes its configuration; a kind of query is one
# entry of %kinds.
#
# As root all happens in a network namespace of its own, so that no port is
# taken and nobody else's traffic is counted.

use warnings;
use strict;

use Cwd qw/ abs_path /;
use File::Basename qw/ dirname /;
use File::Path qw/ make_path /;
use IO::Select;
use IO::Socket::INET;
use POSIX qw/ :sys_wait_h /;
use Time::HiRes qw/ sleep /;

my $bench = dirname(abs_path(__FILE__));
my $top = dirname($bench);

our $out = "$top/build/bench";

my $server_cpu = $ENV{SERVER_CPU} // 0;
our $client_cpu = $ENV{CLIENT_CPU} // 1;

my $port = $ENV{BENCH_PORT} || 5300;

# with FAR=1 servers are on another machine: at the other end of a veth pair

my ($here, $there) = qw/ 192.0.2.2 192.0.2.1 /;
my @up = map { ($ENV{FAR} ? $there : '127.0.0.1') . ':' . ($port + $_) } 1, 2;
my $many = $ENV{FAR} ? '198.18' : '127.1';      # a network of them, RFC 2544
my $far;                                # a process in their network namespace
our $tls_port = $port + 4;
my $https_port = $port + 5;

my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
my @dnsdist = dnsdist();
my $module = $ENV{TEST_NGINX_MODULE} // "$top/build/ngx_dns_balancer_module.so";

my %pids;                               # of what was started here
my $reader;                             # of dnstap, with TAP


# How the names are asked for, is there a cache, which limit applies

my %kinds = (
    miss => {
        about => 'forwarded, each name is new',
        generator => [qw/ -m unique /],
        limit => 'forward',
    },
    hit => {
        about => 'from the cache, 1000 names',
        generator => [qw/ -m zipf -n 1000 /],
        cache => 1,
        limit => 'echo',
    },
    zone => {
        about => 'as hit, in a zone with settings of its own',
        generator => [qw/ -m zipf -n 1000 /],
        cache => 1,
        limit => 'echo',
        forward => 'dns_zone bench.example { dns_pass up; '
                   . 'dns_cache_max_ttl 1h; dns_cache_servfail_ttl 1s; '
                   . 'dns_cache_min_ttl 30s; }',
    },
    many => {
        about => 'as miss, to a thousand servers',
        generator => [qw/ -m unique /],
        limit => 'forward',
        servers => 1000,
    },
    'slow-miss' => {
        about => 'as miss, 15,000 queries a second',
        generator => [qw/ -m unique -r 15000 /],
        limit => 'forward',
    },
    'slow-hit' => {
        about => 'as hit, 50,000 queries a second',
        generator => [qw/ -m zipf -n 1000 -r 50000 /],
        cache => 1,
        limit => 'echo',
    },
    zipf => {
        about => 'Zipf(1.0) over a million names, with a cache',
        generator => [qw/ -m zipf -n 1000000 /],
        cache => 1,
        warmup => 3000,
    },
    pass => {
        about => 'forwarded by dns_pass $variable, of geo',
        generator => [qw/ -m unique /],
        pass => 'geo $bench { default up; 192.0.2.0/24 other; }',
    },
    passmap => {
        about => 'forwarded by dns_pass $variable, of map $remote_addr',
        generator => [qw/ -m unique /],
        pass => 'map $remote_addr $bench { default up; 192.0.2.1 other; }',
    },
    tcp => {
        about => 'from the cache, 1000 names, over 16 TCP connections',
        program => 'streamgen',
        generator => [qw/ -m zipf -n 1000 /],
        cache => 1,
        stream => 1,
        warmup => 1500,
    },
    dot => {
        about => 'from the cache, 1000 names, over 16 TLS connections',
        program => 'streamgen',
        generator => [qw/ -m zipf -n 1000 -s /],
        port => $tls_port,
        cache => 1,
        stream => 1,
        warmup => 1500,
    },
    doh => {
        about => 'from the cache, 1000 names, over 16 connections of HTTP/2',
        program => 'streamgen',
        generator => [qw/ -m zipf -n 1000 -d /],
        port => $https_port,
        cache => 1,
        stream => 1,
        https => 1,
        warmup => 1500,
    },
    'tls-out' => {
        about => 'forwarded to servers over TLS, each name is new',
        generator => [qw/ -m unique /],
        tls => 1,
        warmup => 1500,
    },
    tcp1 => {
        about => 'from the cache, 1000 names, a TCP connection for each query',
        program => 'streamgen',
        generator => [qw/ -m zipf -n 1000 -1 -c 64 /],
        cache => 1,
        stream => 1,
        warmup => 1500,
    },
);


# The command for a kind, nothing if the server can't do that.  Nginx may be
# asked for as a single process.

my %servers = (
    ours => {
        command => sub { nginx_command(ours_conf(@_), @_) },
        version => sub { `$nginx -v 2>&1` =~ m!(nginx/\S+)! },
    },
    was => {
        command => sub {
            my ($load, @rest) = ours_conf(@_);
            $load =~ s/(load_module ).*;/$1$ENV{WAS_MODULE};/;
            nginx_command($load, @rest, @_);
        },
        version => sub { $ENV{WAS_MODULE} // die "WAS_MODULE is not set\n" },
    },
    stock => {
        command => sub {
            my $kind = $kinds{$_[0]};
            return if grep { $kind->{$_} } qw/ cache pass tls /;
            nginx_command(stock_conf(@_), @_);
        },
        version => sub { `$nginx -v 2>&1` =~ m!(nginx/\S+)! },
    },
    dnsdist => {
        command => \&dnsdist_command,
        version => sub { `@dnsdist --version 2>&1` =~ /(dnsdist \S+)/ },
    },
    unbound => {
        command => sub {
            return if !$kinds{$_[0]}{cache} || $kinds{$_[0]}{https};
            unbound_command($_[0]);
        },
        version => sub { `unbound -V` =~ /Version (\S+)/ ? "unbound $1" : () },
    },
    limit => {
        command => sub {
            my $limit = $kinds{$_[0]}{limit} or return;
            return ("$out/limits", $limit,
                    $kinds{$_[0]}{servers} ? (qw/ -s 1 /) : (),
                    "127.0.0.1:$port",
                    $limit eq 'forward' ? upstreams($_[0]) : ());
        },
        version => sub { 'bench/limits.c' },
    },
);


sub ours_conf {
    my ($kind) = @_;

    my $load = $module eq '' ? ''
             : 'load_module ' . (abs_path($module) // $module) . ';';
    my $cache = $kinds{$kind}{cache};
    my $zone = $cache ? 'dns_cache_zone zone=bench:512m;' : '';
    my $use = $cache ? 'dns_cache bench;' : '';
    my $hedge = $ENV{HEDGE} ? "hedge $ENV{HEDGE};" : '';
    my ($scheme, $ssl) = ('', '');

    ($scheme, $ssl) = ('tls://', "ssl_name localhost; "
                                 . "ssl_trusted_certificate $out/cert.pem;")
        if $kinds{$kind}{tls};

    my $servers = join "\n        ",
                  map { "server $scheme$_;" } upstreams($kind);

    # with LIMIT=1 a limit that nobody reaches

    if ($ENV{LIMIT}) {
        $zone .= ' dns_limit_zone client zone=limit:1m rate=1000000r/s;';
        $use .= ' dns_limit zone=limit burst=1000000;';
    }

    # with TAP=1 a reader of dnstap, with TAP=stopped one that was stopped

    $use .= " dns_dnstap unix:$out/tap.sock;" if $ENV{TAP};

    $use .= <<EOF if $kinds{$kind}{stream};

        listen 127.0.0.1:$port;
        listen 127.0.0.1:$tls_port ssl;
        ssl_certificate $out/cert.pem;
        ssl_certificate_key $out/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
EOF

    $use .= ' dns_service doh;' if $kinds{$kind}{https};

    my $pass = $kinds{$kind}{pass};
    my $to = $pass ? '$bench' : 'up';
    my $forward = $kinds{$kind}{forward} // "dns_forward . $to;";
    $zone .= " $pass" if $pass;

    return ($load, <<EOF);
    $zone

    dns_upstream up {
        $servers
        health_check query=ready.bench.example type=A;
        $hedge
        $ssl
    }

    server {
        listen 127.0.0.1:$port udp rcvbuf=4m;
        $forward
        $use
    }
EOF
}


# In front of the same server

sub https_conf {
    my ($v) = `$nginx -v 2>&1` =~ m!nginx/(\S+)!;
    my ($major, $minor, $patch) = split /\./, $v;

    my $new = $major > 1 || $minor > 25 || $minor == 25 && $patch > 0;
    my ($listen, $on) = $new ? ('ssl', 'http2 on;') : ('ssl http2', '');

    return <<EOF;
http {
    access_log off;
    keepalive_requests 1000000000;
    keepalive_time 1d;
    ssl_certificate $out/cert.pem;
    ssl_certificate_key $out/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;

    server {
        listen 127.0.0.1:$https_port $listen;
        $on

        location /dns-query {
            dns_over_https doh;
        }
    }
}
EOF
}


# For bench/scrape: the process, and the ports of the servers

our $status_port = $port + 3;

sub start_many {
    my ($servers, $peers, $workers) = @_;

    my ($load) = ours_conf('miss');
    my @ports = map { $port + 10 + $_ } 1 .. $servers;

    my $stream = "dns_upstream up {\nhealth_check off;\n"
        . join('', map { "server 127.0.1.$_:$port;\n" } 1 .. $peers) . "}\n"
        . join('', map { "server { listen 127.0.0.1:$_ udp reuseport; "
                         . "dns_forward . up; }\n" } @ports);

    my @command = nginx_command($load, $stream, 'miss', 0, $workers);
    my $conf = read_file("$out/nginx.conf");

    write_file("$out/nginx.conf", $conf . <<EOF);
http {
    access_log off;
    server {
        listen 127.0.0.1:$status_port;
        location /metrics { dns_status prometheus; }
        location /status { dns_status json; }
    }
}
EOF

    my $pid = start($server_cpu, "$out/many.log", @command);
    sleep 1;

    return ($pid, @ports);
}


# For bench/connections: the process; it has a status page, too

sub start_connections {
    my ($load, $stream) = ours_conf('tcp');

    $stream =~ s/(dns_forward)/dns_idle_timeout 1h;\n        $1/;

    my @command = nginx_command($load, $stream, 'tcp');
    my $conf = read_file("$out/nginx.conf");

    write_file("$out/nginx.conf", $conf . <<EOF);
http {
    access_log off;
    server {
        listen 127.0.0.1:$status_port;
        location /metrics { dns_status prometheus; }
    }
}
EOF

    return start_server('ours', @command);
}


# Connections that are held: see hold.c; returns when all are made

sub start_hold {
    my ($mode, $n, $tls) = @_;

    my $log = "$out/hold-$mode" . ($tls ? '-tls' : '') . '.log';

    unlink $log;

    # it must not take the CPU from the generator

    my $pid = start($client_cpu, $log, qw/ chrt --idle 0 /, "$out/hold", '-m',
                    $mode,
                    '-n', $n, $tls ? '-s' : (),
                    '127.0.0.1:' . ($tls ? $tls_port : $port));

    for (1 .. 1200) {
        return $pid if read_file($log) =~ /ready/;
        last if waitpid($pid, WNOHANG) != 0;
        sleep 0.05;
    }

    die 'hold: ', read_file($log);
}


# For bench/faults: health checks and all else as by default

sub faults {
    my ($fault, $rate, $workers) = @_;

    my ($load, $stream) = ours_conf('miss');

    my $pid = start($server_cpu, "$out/faults.log",
                    nginx_command($load, $stream, 'miss', 0, $workers));
    sleep 0.5;

    my $said = `taskset -c $client_cpu $out/faultload -r $rate $fault 127.0.0.1:$port $up[0] $up[1]`;

    stop($pid);

    return { $said =~ /(\w+)=(\S+)/g };
}


# What to do for DNS with the stock modules: with proxy_requests 1 each
# query is a session, so all of them are balanced and none waits for the end
# of another; with proxy_responses 1 it ends with the answer and not with
# proxy_timeout.

sub stock_conf {
    my $servers = join "\n        ", map { "server $_;" } upstreams($_[0]);

    return ('', <<EOF);
    upstream up {
        $servers
    }

    server {
        listen 127.0.0.1:$port udp rcvbuf=4m;
        proxy_pass up;
        proxy_requests 1;
        proxy_responses 1;
        proxy_timeout 2s;
    }
EOF
}


sub nginx_command {
    my ($load, $stream, $kind, $single, $workers) = @_;

    $workers ||= 1;

    # with ACCESS_LOG=1 a line for each query, of what stock nginx has, too

    my $log = $ENV{ACCESS_LOG} ? "$out/access.log bench buffer=64k" : 'off';

    my ($modules) = `$nginx -V 2>&1` =~ /--modules-path=(\S+)/;
    my $so = defined $modules ? "$modules/ngx_stream_module.so" : '';
    my $load_stream = -e $so ? "load_module $so;" : '';
    my $master = $single ? 'master_process off;' : '';

    my $http = $kinds{$kind}{https} ? https_conf() : '';

    # stock takes two connections and one descriptor for each query

    my ($files) = `sh -c 'ulimit -Hn'` =~ /(\d+)/;
    my $connections = defined $files && $files < 65536 ? $files : 65536;

    write_file("$out/nginx.conf", <<EOF);
$load_stream
$load
daemon off;
$master
worker_processes $workers;
worker_rlimit_nofile $connections;
pid $out/nginx.pid;
error_log $out/nginx.log notice;

events {
    worker_connections $connections;
}

stream {
    log_format bench '\$remote_addr [\$time_local] \$protocol \$status '
                     '\$bytes_sent \$bytes_received \$session_time';
    access_log $log;

$stream}
$http
EOF

    return ($nginx, '-p', "$out/", '-c', "$out/nginx.conf",
            '-e', "$out/nginx.log");
}


# That of DNSDIST_ROOT, a root directory with another Debian

sub dnsdist {
    my $root = abs_path($ENV{DNSDIST_ROOT} || '/');

    return 'dnsdist' if $root eq '/';

    my ($ld) = glob "$root/lib64/ld-linux-*"
        or die "DNSDIST_ROOT: no dynamic linker in $root/lib64\n";

    return ($ld, '--library-path', join(':', glob "$root/usr/lib/*-linux-gnu"),
            "$root/usr/bin/dnsdist");
}


# Tuned: batches, and buffers of the size that the others have.  Those of the
# sockets to the upstreams can't be set: with one socket each they overflow
# and 0.4% of the queries are lost, with four none is.  The policy is that of
# the others.

sub dnsdist_command {
    my ($kind) = @_;

    my $cache = $kinds{$kind}{cache} ? <<'EOF' : '';
pc = newPacketCache(2000000, {maxTTL=86400, numberOfShards=1})
getPool(''):setCache(pc)
EOF

    # as many as this generator has open on a connection, and more

    my $tls = $kinds{$kind}{stream} ? <<EOF : '';
addTLSLocal('127.0.0.1:$tls_port', '$out/cert.pem', '$out/key.pem', {maxInFlight=1000, provider='openssl'})
EOF

    $tls .= <<EOF if $kinds{$kind}{https};
addDOHLocal('127.0.0.1:$https_port', '$out/cert.pem', '$out/key.pem', '/dns-query', {})
EOF

    # verified, and as many queries on a connection as there are

    my $to = $kinds{$kind}{tls} ? "tls='openssl', subjectName='localhost', "
                                  . "caStore='$out/cert.pem', maxInFlight=1000"
                                : 'sockets=' . ($kinds{$kind}{servers} ? 1 : 4);

    my $servers = join "\n", map {
        "newServer({address='$_', checkInterval=3600, $to})"
    } upstreams($kind);

    write_file("$out/dnsdist.conf", <<EOF);
setLocal('127.0.0.1:$port', {maxInFlight=1000})
$tls
setACL({'127.0.0.0/8'})
$servers
setServerPolicy(roundrobin)
setUDPMultipleMessagesVectorSize(64)
setUDPSocketBufferSizes(4194304, 4194304)
setMaxUDPOutstanding(65535)
setMaxTCPClientThreads(1)
setSecurityPollSuffix('')
$cache
EOF

    return ('dnsdist', '--supervised', '--disable-syslog',
            '-C', "$out/dnsdist.conf");
}


# Tuned: one thread, a cache as large as that of the others, no validation,
# no more work for an answer than to forward it

sub unbound_command {
    my ($kind) = @_;

    my $tls = $kinds{$kind}{stream} ? <<EOF : '';
    interface: 127.0.0.1\@$tls_port
    tls-port: $tls_port
    tls-service-key: "$out/key.pem"
    tls-service-pem: "$out/cert.pem"
    incoming-num-tcp: 1000
EOF

    my $forward = join '', map { /(.*):(\d+)/; "    forward-addr: $1\@$2\n" }
                           @up;

    write_file("$out/unbound.conf", <<EOF);
server:
    directory: "$out"
    chroot: ""
    username: ""
    pidfile: "$out/unbound.pid"
    use-syslog: no
    interface: 127.0.0.1\@$port
$tls
    num-threads: 1
    so-rcvbuf: 4m
    so-sndbuf: 4m
    outgoing-range: 8192
    num-queries-per-thread: 4096
    module-config: "iterator"
    do-not-query-localhost: no
    minimal-responses: yes
    msg-cache-size: 256m
    rrset-cache-size: 512m
    msg-cache-slabs: 1
    rrset-cache-slabs: 1
forward-zone:
    name: "."
$forward
EOF

    return ('unbound', '-d', '-c', "$out/unbound.conf");
}


# Once, before anything else: this process may be started a second time

sub prepare {
    my $cpus = () = read_file('/proc/cpuinfo') =~ /^processor\s/mg;

    die "two processors are needed, one for the server\n"
        if $server_cpu == $client_cpu || $cpus < 2;

    if ($> == 0 && !$ENV{BENCH_NETNS} && in_path('unshare')) {
        $ENV{BENCH_NETNS} = 1;
        exec 'unshare', '-n', '--', 'sh', '-c',
             'ip link set lo up && exec "$0" "$@"', $^X, $0, @ARGV
            or die "unshare: $!\n";
    }

    $SIG{INT} = $SIG{TERM} = sub { exit 1 };

    make_path($out);
    build();
    certificate();
    far() if $ENV{FAR};

    system("taskset -pc $client_cpu $$ >/dev/null") == 0
        or die "taskset failed\n";
}


# Another network namespace, and the way to it

sub far {
    die "FAR is for root\n" if $> != 0;

    $far = start($client_cpu, "$out/far.log",
                 qw/ unshare -n setpriv --pdeathsig KILL sleep infinity /);
    sleep 0.5;

    for (
        'ip link add here type veth peer name there',
        "ip link set there netns $far",
        "ip address add $here/24 dev here",
        'ip link set here up',
        "nsenter -n -t $far ip address add $there/24 dev there",
        "nsenter -n -t $far ip link set there up",
        "nsenter -n -t $far ip route add local $many.0.0/16 dev lo",
        "ip route add $many.0.0/16 via $there",
    ) {
        system($_) == 0 or die "failed: $_\n";
    }
}


END {
    my $status = $?;
    stop($_) for keys %pids;
    $? = $status;
}


sub build {
    my %sources = (
        dnsgen => [qw/ dnsgen.c dnsgen_options.c names.c latency.c bench.c /],
        dnsup => [qw/ dnsup.c bench.c /],
        limits => [qw/ limits.c bench.c /],
        faultload => [qw/ faultload.c latency.c bench.c /],
        hold => [qw/ hold.c names.c bench.c -lssl -lcrypto /],
        streamgen => [qw/ streamgen.c h2.c names.c latency.c bench.c -lssl
                          -lcrypto /],
        tlsup => [qw/ tlsup.c bench.c -lssl -lcrypto /],
    );

    my $cc = $ENV{CC} || 'cc';

    for my $program (sort keys %sources) {
        system($cc, qw/ -O2 -g -Wall -Wextra -Werror /, '-o', "$out/$program",
               map { /^-/ ? $_ : "$bench/$_" } @{ $sources{$program} }) == 0
            or die "$program does not compile\n";
    }
}


# With the kind of key a new one, else that which is there

sub certificate {
    my ($key) = @_;

    return if -s "$out/cert.pem" && !$key;

    my $new = ($key // '') eq 'RSA-2048' ? 'rsa:2048'
                              : 'ec -pkeyopt ec_paramgen_curve:P-256';

    system("openssl req -x509 -newkey $new"
           . ' -nodes -days 3650 -subj /CN=localhost'
           . " -keyout $out/key.pem -out $out/cert.pem 2>$out/openssl.log")
        == 0 or die "openssl failed, see $out/openssl.log\n";
}


# What was asked for in the environment, or the default

sub kinds {
    return choose('KINDS', \%kinds, @_);
}


sub servers {
    return choose('SERVERS', \%servers, @_);
}


sub choose {
    my ($name, $table, @default) = @_;

    my @chosen = defined $ENV{$name} ? split(' ', $ENV{$name}) : @default;

    for (@chosen) {
        die "$name: no \"$_\", only ", join(' ', sort keys %$table), "\n"
            if !$table->{$_};
    }

    return @chosen;
}


sub about {
    my ($kind) = @_;

    return $kinds{$kind}{about};
}


sub version {
    my ($server) = @_;

    my ($version) = $servers{$server}{version}->();

    return $version // 'not found';
}


# The command of a server, nothing if the kind is none for it

sub command {
    my ($server, $kind, $single) = @_;

    return $servers{$server}{command}->($kind, $single);
}


sub start_server {
    my ($name, @command) = @_;

    start_reader() if $name eq 'ours' && $ENV{TAP};

    my $pid = start($server_cpu, "$out/$name.log", @command);

    my $answers = answers($pid);

    stop_reader() if $name eq 'ours' && ($ENV{TAP} // '') eq 'stopped';

    return $pid if $answers;

    my $log = read_file("$out/$name.log") || read_file("$out/nginx.log");

    stop($pid);

    die "$name does not answer: ", substr($log, -500), "\n";
}


# One that is stopped has a connection that waits for it to accept: it is
# stopped when there is one and some was read, as a reader is that hangs

sub start_reader {
    stop($reader, 'KILL') if $reader;
    unlink "$out/tap.sock";

    $reader = start($client_cpu, "$out/tap.log", 'fstrm_capture', '-ddd',
                    '-t', 'protobuf:dnstap.Dnstap', '-u', "$out/tap.sock",
                    '-w', '/dev/null');

    for (1 .. 100) {
        last if -S "$out/tap.sock";
        sleep 0.05;
    }

    # for workers, whoever they are

    chmod 0777, "$out/tap.sock";
}


sub stop_reader {
    for (1 .. 200) {
        last if read_file("$out/tap.log") =~ /START/;
        sleep 0.05;
    }

    kill 'STOP', $reader;
}


# The addresses of the servers that are asked

sub upstreams {
    my ($kind) = @_;

    my $n = $kind && $kinds{$kind}{servers} or return @up;

    return map { sprintf "$many.%d.%d:%d", $_ >> 8, $_ & 255, $port + 1 }
               1 .. $n;
}


sub start_upstreams {
    my ($kind) = @_;

    return start_nsd() if $kind && $kinds{$kind}{stream};

    my @command = $kind && $kinds{$kind}{tls}
                  ? ("$out/tlsup", '-t', 86400, "$out/cert.pem", "$out/key.pem")
                  : ("$out/dnsup", '-t', 86400);

    @command = (qw/ nsenter -n -t /, $far, @command) if $far;

    my $pid = start($client_cpu, "$out/dnsup.log", @command,
                    upstreams($kind));

    for (1 .. 50) {
        return $pid if read_file("$out/dnsup.log") =~ /ready/;
        sleep 0.05;
    }

    die 'dnsup: ', read_file("$out/dnsup.log");
}


# dnsdist asks over TCP what it was asked over TCP, which dnsup does not know

sub start_nsd {
    my $listen = join '', map { /(.*):(\d+)/; "    ip-address: $1\@$2\n" } @up;

    write_file("$out/bench.zone", <<'EOF');
$ORIGIN bench.example.
$TTL 3600
@  SOA  ns hostmaster 1 3600 600 86400 300
@  NS   ns
ns A    127.0.0.1
*  A    10.0.0.1
EOF

    write_file("$out/nsd.conf", <<EOF);
server:
$listen
    username: ""
    zonesdir: "$out"
    database: ""
    pidfile: "$out/nsd.pid"
    xfrdfile: "$out/nsd.xfrd"
    zonelistfile: "$out/nsd.zones"
    cookie-secret-file: ""
    minimal-responses: yes
    rrl-ratelimit: 0
    receive-buffer-size: 4194304
    send-buffer-size: 4194304
remote-control:
    control-enable: no
zone:
    name: bench.example
    zonefile: bench.zone
EOF

    my $pid = start($client_cpu, "$out/nsd.log", 'nsd', '-d', '-c',
                    "$out/nsd.conf");
    sleep 0.5;

    return $pid;
}


# taskset becomes the command: the process has the number that is returned

sub start {
    my ($cpu, $log, @command) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log or POSIX::_exit(127);
        open STDERR, '>&', \*STDOUT;
        exec('taskset', '-c', $cpu, @command) or POSIX::_exit(127);
    }

    $pids{$pid} = 1;

    return $pid;
}


# Ends a process, and all that it has started if it does not end them

sub stop {
    my ($pid, $signal) = @_;

    my @all = tree($pid);

    kill $signal || 'TERM', $pid;

    for my $try (1 .. 400) {
        last if waitpid($pid, WNOHANG) != 0;
        kill 'KILL', @all if $try == 300;
        sleep 0.05;
    }

    delete $pids{$pid};
}


# Does the server on the port answer?  Under valgrind that takes a while.

sub answers {
    my ($pid) = @_;

    my $query = pack('n6', 1, 0x0100, 1, 0, 0, 0)
                . "\5ready\5bench\7example\0" . pack('n2', 1, 1);

    # under valgrind the memory of a large zone takes its time

    my $end = time() + 60;

    while (time() < $end) {
        my $s = IO::Socket::INET->new(
            Proto => 'udp', PeerAddr => "127.0.0.1:$port"
        ) or die "socket: $!\n";

        $s->send($query);

        if (IO::Select->new($s)->can_read(0.2)) {
            my $answer = '';
            $s->recv($answer, 512);

            # the server may not have found yet that its upstreams are up

            return 1 if length($answer) > 12
                        && unpack('x6n', $answer) > 0;
        }

        return 0 if waitpid($pid, WNOHANG) != 0;
        sleep 0.1;
    }

    return 0;
}


sub tree {
    my ($root) = @_;

    my (%children, @all);

    for my $stat (glob '/proc/[0-9]*/stat') {
        my ($pid, $parent) = read_file($stat) =~ /^(\d+) \(.*\) \S (\d+)/s
            or next;
        push @{ $children{$parent} }, $pid;
    }

    my @next = ($root);

    while (defined(my $pid = shift @next)) {
        push @all, $pid;
        push @next, @{ $children{$pid} || [] };
    }

    return @all;
}


# What the processes have used: nanoseconds by the scheduler's account, and
# the ticks in which they were met in user and in system mode

sub usage {
    my (@pids) = @_;

    my ($ns, $user, $system) = (0, 0, 0);

    for my $task (map { glob "/proc/$_/task/*" } @pids) {
        my ($run) = read_file("$task/schedstat") =~ /^(\d+)/;
        my ($fields) = read_file("$task/stat") =~ /.*\) (.*)/s;
        my @fields = split ' ', $fields // '';

        $ns += $run // 0;
        $user += $fields[11] // 0;
        $system += $fields[12] // 0;
    }

    return ($ns, $user, $system);
}


# Runs dnsgen; calls the functions when the measured time begins and ends.
# Returns what it printed.

sub generator {
    my ($kind, $options, $begin, $end) = @_;

    my @warmup = $kinds{$kind}{warmup} ? ('-u', $kinds{$kind}{warmup}) : ();

    my $program = $kinds{$kind}{program} || 'dnsgen';
    my $to = $kinds{$kind}{port} || $port;

    my $pid = open my $fh, '-|', "$out/$program",
                  @{ $kinds{$kind}{generator} }, @warmup, @$options,
                  "127.0.0.1:$to"
        or die "$program: $!\n";

    $pids{$pid} = 1;

    my $line = '';

    while (<$fh>) {
        if (/^start/) {
            $begin->() if $begin;
            next;
        }

        $end->() if $end;
        $line = $_;
    }

    close $fh or die "$program failed\n";
    delete $pids{$pid};

    return { $line =~ /(\w+)=(\S+)/g };
}


sub median {
    my @sorted = sort { $a <=> $b } @_;

    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}


sub in_path {
    my ($program) = @_;

    return grep { -x "$_/$program" } split /:/, $ENV{PATH};
}


sub write_file {
    my ($name, $text) = @_;

    open my $fh, '>', $name or die "$name: $!\n";
    print $fh $text;
    close $fh or die "$name: $!\n";
}


# Empty if it is gone, as a process may be

sub read_file {
    my ($name) = @_;

    open my $fh, '<', $name or return '';
    local $/;

    return <$fh> // '';
}


1;
