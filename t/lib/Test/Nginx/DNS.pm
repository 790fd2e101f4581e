package Test::Nginx::DNS;

# The harness of the tests: nginx in a directory of its own, on ports of
# its own, name servers that do as they are told, and a DNS client.
#
#   my $t = Test::Nginx::DNS->new()->plan(1);
#
#   $t->write_stream(<<'EOC');
#   server {
#       listen       127.0.0.1:%%PORT_8053%% udp;
#       dns_forward  . 127.0.0.1:%%PORT_8081%%;
#   }
#   EOC
#
#   my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } });
#
#   $t->run();
#
#   is(dns_query($t->port(8053), 'a.test', 'A')->{answers}[0]{data},
#      '192.0.2.1', 'answer');
#
# Ports are written with any number, which stands for one that is free:
# %%PORT_8053%%, or %%PORT_8053_UDP%%, is $t->port(8053).  A port that no
# upstream was made for is a closed one.
#
# %%TESTDIR%% is the directory; it is removed at the end.  %%TEST_GLOBALS%%
# stands for the main directives (load_module, pid, error_log, ...),
# %%TEST_GLOBALS_HTTP%% for those of a http block, %%TEST_CACHE_LOG%% for a log
# of answers and whether the cache had them.
#
# At the end two more tests are made: nginx has not logged anything at
# alert, crit or emerg, and no process crashed or was stopped by a
# sanitizer.  What a test provokes itself it names: $t->allow(qr/.../).
#
# Environment:
#
#   TEST_NGINX_BINARY    nginx; default: the one that is installed
#   TEST_NGINX_MODULE    the .so, empty if the module is in nginx itself;
#                        default: build/ngx_dns_balancer_module.so
#   TEST_NGINX_GLOBALS   more main directives
#   TEST_LEAVE           the directory is left, its name is shown
#   TEST_DEBUG           error_log at level debug

use warnings;
use strict;

use Exporter qw/ import /;
use FindBin;
use Cwd qw/ abs_path /;
use File::Basename qw/ dirname /;
use File::Path qw/ remove_tree /;
use File::Temp qw/ tempdir /;
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX qw/ WNOHANG _exit /;
use Socket qw/ SOCK_DGRAM /;
use Test::More import => [ qw/ is diag done_testing / ];
use Time::HiRes qw/ sleep time /;

use Test::Nginx::DNS::Client;
use Test::Nginx::DNS::Load;
use Test::Nginx::DNS::Upstream;

our @EXPORT = (@Test::Nginx::DNS::Client::EXPORT,
               @Test::Nginx::DNS::Load::EXPORT);

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../../..');

# ports are taken from below those that the kernel gives to clients

use constant { FIRST_PORT => 20000, LAST_PORT => 32000 };

# seconds; a test that takes longer hangs

use constant { START => 15, STOP => 60, LIFE => 240 };

my @all;


sub new {
    my ($class) = @_;

    my $self = bless {
        owner => $$, pid => 0, ports => {}, locks => [], upstreams => [],
        allowed => [], planned => 0,
    }, $class;

    $self->{testdir} = tempdir('ngx-dns-test-XXXXXXXX', TMPDIR => 1);
    $self->find_nginx();

    push @all, $self;

    $SIG{ALRM} = sub { die "the test takes too long\n" };
    $SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub { exit 1 };
    $SIG{PIPE} = 'IGNORE';
    alarm LIFE;

    Test::More->builder->failure_output->autoflush(1);

    return $self;
}


# The two tests at the end are added; without a number the plan is made at
# the end.

sub plan {
    my ($self, $tests) = @_;

    Test::More::plan(tests => $tests + 2) if defined $tests;
    $self->{planned} = 1 if defined $tests;

    return $self;
}


# Skips the test unless nginx was built with all of: ssl, http, http_v2, http_v3,
# http_realip, debug, pcre; server_name: of stream, which nginx has since 1.25.5

sub has {
    my ($self, @features) = @_;

    my %flag = (ssl => '--with-stream_ssl_module',
        http_v2 => '--with-http_v2_module', debug => '--with-debug',
        http_realip => '--with-http_realip_module',
        http_v3 => '--with-http_v3_module');

    for my $feature (@features) {
        next if $feature eq 'http' && $self->{version} !~ /--without-http\b/;
        next if $feature eq 'pcre' && $self->has_pcre();
        next if $flag{$feature} && $self->{version} =~ /\Q$flag{$feature}\E/;
        next if $feature eq 'server_name' && $self->newer(1, 25, 5);

        $self->{skipped} = 1;
        Test::More::plan(skip_all => "no $feature in this nginx");
    }

    return $self;
}


sub newer {
    my ($self, @version) = @_;

    my @own = $self->{version} =~ m{nginx/(\d+)\.(\d+)\.(\d+)};

    return sprintf('%d.%05d%05d', @own) >= sprintf('%d.%05d%05d', @version);
}


# nginx -V does not tell: it depends on what else was built in.  Without it
# what looks like an expression is a plain string, and never wrong.

sub has_pcre {
    my ($self) = @_;

    my ($code) = $self->test_config(<<'EOF');
%%TEST_GLOBALS%%
events { }
stream { map $remote_addr $a { ~( b; } }
EOF

    return $code != 0;
}


# Compiles t/lib/preload/NAME_shim.c, whose name is for LD_PRELOAD while nginx
# is started, which then passes it on to its workers; before the configuration
# is written

sub shim {
    my ($self, $name) = @_;

    if (`ldd $self->{nginx} 2>/dev/null` =~ /libasan/) {
        $self->{skipped} = 1;
        Test::More::plan(skip_all => 'sanitizers come first in a process');
    }

    $self->{shim} = "$self->{testdir}/shim.so";

    system('cc', qw/ -O2 -shared -fPIC -o /, $self->{shim},
           "$FindBin::Bin/lib/preload/${name}_shim.c", '-ldl') == 0
        or die "cc failed\n";

    return $self->{shim};
}


sub allow {
    my ($self, @patterns) = @_;

    push @{$self->{allowed}}, @patterns;

    return $self;
}


# nginx is to leave the test and be a daemon, as it is for a binary upgrade;
# before its configuration is written

sub daemon {
    my ($self) = @_;

    $self->{daemon} = 1;

    return $self;
}


sub testdir { $_[0]->{testdir} }


# nginx, and what it must load

sub find_nginx {
    my ($self) = @_;

    my $binary = $ENV{TEST_NGINX_BINARY};

    if (!$binary) {
        ($binary) = grep { -x } map { "$_/nginx" } '/usr/sbin',
            '/usr/local/sbin', split /:/, $ENV{PATH};
        die "nginx is not installed: `make test` does it\n" if !$binary;
    }

    my $version = `$binary -V 2>&1`;

    die "cannot run $binary: $version\n" if $version !~ /nginx version/;

    my @load;

    if ($version =~ /--with-stream=dynamic/) {
        my ($dir) = $version =~ /--modules-path=(\S+)/;
        push @load, "$dir/ngx_stream_module.so";
    }

    my $module = $ENV{TEST_NGINX_MODULE}
        // "$top/build/ngx_dns_balancer_module.so";

    if ($module ne '') {
        die "$module is missing: run `make`\n" if !-f $module;
        push @load, abs_path($module);
    }

    $self->{nginx} = abs_path($binary);
    $self->{version} = $version;
    $self->{load} = \@load;
}


# Every number is given a free port when it is first seen.  The lock of a
# port is a name in the kernel (an abstract unix socket), which one process
# can have and nobody needs to remove.  It does not tell about processes
# that know nothing of it, so the port is tried as well, tcp and udp.

sub port {
    my ($self, $name) = @_;

    return $self->{ports}{$name} //= $self->take_port();
}


sub take_port {
    my ($self) = @_;

    my $range = LAST_PORT - FIRST_PORT;
    my $start = ($$ * 61) % $range;

    for my $i (0 .. $range - 1) {
        my $port = FIRST_PORT + ($start + $i) % $range;
        my $lock = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
            Local => "\0ngx-dns-test-port-$port") or next;

        my @tried = map {
            IO::Socket::IP->new(Proto => $_, LocalHost => '127.0.0.1',
                LocalPort => $port, $_ eq 'tcp' ? (Listen => 1) : ())
        } qw/ udp tcp /;

        next if @tried != 2;

        push @{$self->{locks}}, $lock;

        return $port;
    }

    die "no free port\n";
}


sub globals {
    my ($self, $log) = @_;

    my $level = $ENV{TEST_DEBUG} ? 'debug' : 'info';
    my $dir = $self->{testdir};

    $log //= "$dir/error.log $level";

    return join "\n", (map { "load_module $_;" } @{$self->{load}}),
        $> == 0 ? 'user root;' : (),

        # an upgrade passes on what is named only

        $self->{daemon}
            ? ('daemon on;', 'env ASAN_OPTIONS;', 'env UBSAN_OPTIONS;')
            : 'daemon off;',
        $self->{shim} ? 'env LD_PRELOAD;' : (),
        "pid $dir/nginx.pid;",
        "lock_file $dir/nginx.lock;",
        "error_log $log;",
        $ENV{TEST_NGINX_GLOBALS} // ();
}


sub globals_http {
    my ($self) = @_;

    return join "\n", 'access_log off;',
        map { "${_}_temp_path $self->{testdir}/${_}_temp;" }
            qw/ client_body proxy fastcgi uwsgi scgi /;
}


# answers and whether the cache had them, in the file dns.log

sub cache_log {
    return <<'EOF';
log_format  f  '$dns_qname $dns_qtype $dns_rcode $dns_cache_status';
    access_log  %%TESTDIR%%/dns.log f;
EOF
}


sub expand {
    my ($self, $text, $log) = @_;

    $text =~ s/%%TEST_GLOBALS%%/$self->globals($log)/ge;
    $text =~ s/%%TEST_CACHE_LOG%%\n/$self->cache_log()/ge;
    $text =~ s/%%TEST_GLOBALS_HTTP%%/$self->globals_http()/ge;
    $text =~ s/%%TESTDIR%%/$self->{testdir}/g;
    $text =~ s/%%PORT_(\d+)(?:_UDP)?%%/$self->port($1)/ge;

    die "unknown placeholder $1\n" if $text =~ /(%%\w+%%)/;

    return $text;
}


sub write_file {
    my ($self, $name, $content) = @_;

    open my $fh, '>', "$self->{testdir}/$name" or die "$name: $!\n";
    print $fh $content;
    close $fh or die "$name: $!\n";

    return $self;
}


sub write_file_expand {
    my ($self, $name, $content) = @_;

    return $self->write_file($name, $self->expand($content));
}


# nginx.conf with a stream {} of the text; "workers", one by default,
# "connections" of each, and "pages", words of %pages, on port 8080 or "at"

my %pages = (
    metrics => 'location /metrics { dns_status prometheus; }',
    status  => 'location /status { dns_status json; }',
    ready   => 'location /ready { dns_status ready; }',
    control => 'location /dns/ { dns_control; }',
);

sub write_stream {
    my ($self, $text, %with) = @_;

    $text =~ s/^(?=.)/    /mg;

    return $self->write_file_expand('nginx.conf', join "\n",
        '%%TEST_GLOBALS%%', '',
        'worker_processes ' . ($with{workers} // 1) . ';', '',
        'events {',
        $with{connections} ? "    worker_connections $with{connections};" : (),
        '}', '',
        'stream {', $text . '}', '',
        $with{pages} ? $self->pages(@with{qw/ pages at /}) : ());
}


sub pages {
    my ($self, $words, $port) = @_;
    $port //= 8080;

    return 'http {', '    %%TEST_GLOBALS_HTTP%%', '',
        '    server {', "        listen  127.0.0.1:%%PORT_$port%%;", '',
        (map { "        $pages{$_}" } split ' ', $words),
        '    }', '}', '';
}


sub read_file {
    my ($self, $name) = @_;

    open my $fh, '<', "$self->{testdir}/$name" or return '';
    local $/;

    return <$fh> // '';
}


sub error_log { $_[0]->read_file('error.log') }


# A name server on a port: see Test::Nginx::DNS::Upstream.  Options: addr

sub upstream {
    my ($self, $name, $handler, %o) = @_;

    my $upstream = Test::Nginx::DNS::Upstream->new(
        $o{addr} // '127.0.0.1', $self->port($name), $handler,
        $o{probes}, $o{tcp}, $o{loops});

    push @{$self->{upstreams}}, $upstream;

    return $upstream;
}


# Starts a program with its output in a file of the test directory.

sub spawn {
    my ($self, $output, @command) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        alarm 0;
        $SIG{$_} = 'DEFAULT' for qw/ INT TERM HUP ALRM PIPE /;

        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{testdir}/$output";
        open STDERR, '>&', \*STDOUT;

        $ENV{ASAN_OPTIONS} //= 'detect_leaks=0';
        $ENV{UBSAN_OPTIONS} //= 'print_stacktrace=1';

        { exec { $command[0] } @command };
        print STDERR "cannot run $command[0]: $!\n";
        _exit(127);
    }

    push @{$self->{spawned}}, $pid;

    return $pid;
}


# what was started and has not been waited for: it takes ports from other tests

sub end_spawned {
    my ($self) = @_;

    for my $pid (splice @{$self->{spawned}}) {

        for my $signal (qw/ TERM KILL /) {
            last if waitpid($pid, WNOHANG) != 0;

            kill $signal, $pid;
            last if $self->wait_for(sub { waitpid($pid, WNOHANG) != 0 }, 5);
        }
    }
}


sub command {
    my ($self, $conf) = @_;

    return ($self->{nginx}, '-p', "$self->{testdir}/", '-c', $conf);
}


sub run {
    my ($self) = @_;

    my @command = $self->command('nginx.conf');

    # the process that starts a daemon ends as nginx does

    local $ENV{ASAN_OPTIONS} = $ENV{ASAN_OPTIONS}
        // 'detect_leaks=' . ($self->{daemon} ? 0 : 1);
    local $ENV{LSAN_OPTIONS} = $ENV{LSAN_OPTIONS}
        // "suppressions=$top/t/lib/leaks.supp:print_suppressions=0";

    $self->{pid} = $self->spawn('stderr.log', @command,
        '-e', "$self->{testdir}/error.log");

    if ($self->{daemon}) {
        waitpid $self->{pid}, 0;
        die "nginx did not start:\n" . $self->output() if $?;

        $self->wait_for(sub { -s "$self->{testdir}/nginx.pid" }, START);
        ($self->{pid}) = $self->read_file('nginx.pid') =~ /^(\d+)$/m;
    }

    my $ok = $self->wait_for(sub {
        die "nginx did not start:\n" . $self->output()
            if $self->gone($self->{pid});

        return -s "$self->{testdir}/nginx.pid"
               && $self->workers() == $self->worker_processes();
    }, START);

    die "nginx does not start:\n" . $self->output() if !$ok;

    return $self;
}


sub output {
    my ($self) = @_;

    return $self->read_file('stderr.log') . $self->error_log();
}


sub pid { $_[0]->{pid} }


# as many as nginx.conf says; a number, not "auto"

sub worker_processes {
    my ($self) = @_;

    my ($n) = $self->read_file('nginx.conf')
              =~ /^\s*worker_processes\s+(\d+)/m;

    return $n // 1;
}


# The processes that take queries; with "all" those too which a reload told
# to quit and which have work left.  Of another master: of that process.

sub workers {
    my ($self, $all, $master) = @_;

    $master //= $self->{pid};

    my @pids;

    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my ($pid, $parent) = (<$fh> // '') =~ /^(\d+) \(.*\) \S (\d+)/s;

        next if !$parent || $parent != $master;

        open $fh, '<', "/proc/$pid/cmdline" or next;
        my $title = <$fh> // '';

        push @pids, $pid
            if $title =~ /worker process/
               && ($all || $title !~ /shutting down/);
    }

    @pids = sort { $a <=> $b } @pids;

    return @pids;
}


sub signal {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};

    return $self;
}


# True when all workers are new ones; the old ones may still have work.
# If the configuration is refused, it is false after the timeout.

sub reload {
    my ($self, %o) = @_;

    my %old = map { $_ => 1 } $self->workers();

    $self->signal('HUP');

    return $self->wait_for(sub {
        my @workers = $self->workers();
        return @workers == $self->worker_processes()
               && !grep { $old{$_} } @workers;
    }, $o{timeout} // START);
}


# A new master by USR2, then QUIT to the old one.  With "back" the old one is
# told to end its workers (WINCH), starts them again (HUP), and it is the new
# one that quits.  True when that has been done and the other is gone.

sub upgrade {
    my ($self, %o) = @_;

    my $old = $self->{pid};
    my $file = "$self->{testdir}/nginx.pid";

    $self->signal('USR2');

    my $new = $self->wait_for(sub {
        my ($pid) = $self->read_file('nginx.pid') =~ /^(\d+)$/m;
        return $pid && $pid != $old && -e "$file.oldbin"
               && $self->workers(0, $pid) == $self->worker_processes()
               && $pid;
    }, START) || return 0;

    if (!$o{back}) {
        kill 'QUIT', $old;
        $self->{pid} = $new;

        return $self->wait_for(sub { $self->gone($old) }, STOP);
    }

    $self->signal('WINCH');
    $self->wait_for(sub { !$self->workers('all') }, STOP) or return 0;

    $self->signal('HUP');
    $self->wait_for(sub {
        return $self->workers() == $self->worker_processes();
    }, START) or return 0;

    kill 'QUIT', $new;

    return $self->wait_for(sub { $self->gone($new) }, STOP);
}


# Nobody may be there to wait for a process that is no child of the test.

sub gone {
    my ($self, $pid) = @_;

    return 1 if waitpid($pid, WNOHANG) > 0;

    open my $fh, '<', "/proc/$pid/stat" or return 1;

    return (<$fh> // '') =~ /^\d+ \(.*\) Z/s;
}


# TERM does not wait for queries under way, QUIT does

sub stop {
    my ($self, $signal) = @_;

    return $self if !$self->{pid};

    for my $how ($signal // 'TERM', 'KILL') {
        my @workers = $how eq 'KILL' ? $self->workers('all') : ();

        $self->signal($how);
        kill $how, @workers;

        last if $self->wait_for(sub {
            return $self->gone($self->{pid});
        }, STOP);

        diag("nginx did not stop at $how");
        $self->{hung} = 1;
    }

    $self->{pid} = 0;

    return $self;
}


# nginx -t of a configuration: (exit code, what it says)

sub test_config {
    my ($self, $conf) = @_;

    my $n = ++$self->{configs};

    $self->write_file("test$n.conf", $self->expand($conf, 'stderr notice'));

    my $pid = $self->spawn("test$n.out", $self->command("test$n.conf"),
                           '-t', '-e', 'stderr');
    waitpid $pid, 0;

    my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    my $said = $self->read_file("test$n.out");

    push @{$self->{said}}, $said;

    return ($code, $said);
}


# Waits until the function gives a true value, and returns it.

sub wait_for {
    my ($self, $function, $timeout) = @_;

    my $end = time() + ($timeout // 15);

    for ( ;; ) {
        my $value = $function->();

        return $value if $value || time() > $end;
        sleep 0.01;
    }
}


sub finish {
    my ($self) = @_;

    return if $self->{owner} != $$ || $self->{finished}++;

    alarm 0;
    $self->stop();

    # an upgrade that has come to a halt has another master

    for my $file ($self->{daemon} ? ('nginx.pid', 'nginx.pid.oldbin') : ()) {
        my ($pid) = $self->read_file($file) =~ /^(\d+)$/m or next;

        $self->{pid} = $pid;
        $self->stop();
    }

    $_->stop() for @{$self->{upstreams}};
    $self->end_spawned();

    $self->judge();

    if ($ENV{TEST_LEAVE}) {
        diag("left: $self->{testdir}");

    } else {
        remove_tree($self->{testdir});
    }
}


sub judge {
    my ($self) = @_;

    return if $self->{skipped};

    my @lines = split /\n/, $self->error_log();
    my @output = split /\n/, $self->read_file('stderr.log');

    # written again by nginx -t, which may find fault as much as it likes

    my @said = map { split /\n/ } @{$self->{said} // []};

    for my $pattern (@{$self->{allowed}}) {
        @lines = grep { $_ !~ $pattern } @lines;
    }

    @lines = grep { !$self->late($_) } @lines;

    my @alerts = grep { /\[(?:alert|crit|emerg)\]/ } @lines;
    my @crashes = grep {
        /(?:Address|Thread|Leak|Memory)Sanitizer|UndefinedBehavior/
        || /runtime error:|signal 11|exited on signal/
    } @lines, @output, @said;

    push @crashes, 'nginx did not stop' if $self->{hung};

    is(few(@alerts), '', 'no alerts');
    is(few(@crashes), '', 'no crashes');

    done_testing() if !$self->{planned};

    return if Test::More->builder->is_passing;

    my @tail = @lines > 20 ? @lines[-20 .. -1] : @lines;

    diag("the end of error.log:\n" . join("\n", @tail)) if @tail;
    diag("stderr:\n" . few(@output)) if @output;
}


# The search for leaks begins when nginx has said its last word, and may take
# longer on a busy machine than the second that a master waits for its workers.

sub late {
    my ($self, $line) = @_;

    return $self->{version} =~ /-fsanitize=/
        && $line =~ /worker process (\d+) exited on signal 9$/
        && $self->error_log() =~ / \[notice\] $1#$1: exit$/m
        && $self->error_log() =~ /signal 15 \(SIGTERM\) received/;
}


# a worker that crashes at once is started again and again

sub few {
    my @lines = @_;

    splice @lines, 20, @lines - 20, '... ' . (@lines - 20) . ' more'
        if @lines > 20;

    return join "\n", @lines;
}


# before the end of Test::More, which counts the tests

END {
    my $status = $?;

    for my $t (@all) {
        $t->finish();
    }

    $? = $status;
}


1;
