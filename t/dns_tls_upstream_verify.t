#!/usr/bin/perl

# Tests for servers over TLS that can't be trusted, or do not speak TLS: each is
# a failure in words, and the next server answers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

use IO::Socket::IP;
use POSIX ();
use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);
my $ca = Test::Nginx::DNS::Certificate->new($t);
my $dir = $t->testdir();

$ca->issue('good', 'IP:127.0.0.1,DNS:good.test,DNS:*.wild.test');
$ca->issue('other', 'IP:192.0.2.1,DNS:other.test');
$ca->issue('old', 'IP:127.0.0.1', days => -1);
$ca->issue('young', 'IP:127.0.0.1', from => 1);
$ca->issue('self', 'IP:127.0.0.1', own => 1);
$ca->issue('revoked', 'IP:127.0.0.1');
$ca->revoke('revoked');

# authorities between, as those of most real certificates

$ca->authority('between');
$ca->authority('below', by => 'between');
$ca->issue('chain', 'IP:127.0.0.1', by => 'below');
$ca->issue('broken', 'IP:127.0.0.1', by => 'below');
$ca->chain('chain', 'below', 'between');
$ca->chain('broken', 'below');

my %pin = map { $_ => $ca->pin($_) } qw/ good old young self /;

# what is asked, how, and what is wrong with it; a port for each certificate

my %port = (good => 8100, other => 8101, old => 8102, self => 8103,
            revoked => 8104, chain => 8105, broken => 8106, noalpn => 8107,
            young => 8108, plain => 8082, silent => 8083, halfway => 8084, hangup => 8085);

my @cases = (
    [ 'address', 'good', '' ],
    [ 'name', 'good', 'name=good.test' ],
    [ 'wildcard', 'good', 'name=a.wild.test' ],
    [ 'literal', 'good', 'name=127.0.0.1' ],
    [ 'sslname', 'good', '', '', 'ssl_name good.test;' ],
    [ 'namefirst', 'good', 'name=good.test', '', 'ssl_name no.test;' ],
    [ 'pinned', 'self', "pin=$pin{self}" ],
    [ 'pins', 'self', "pin=$pin{good} pin=$pin{self}" ],
    [ 'anybody', 'self', '', '', 'ssl_verify off;' ],
    [ 'chain', 'chain', '', '', 'nocrl' ],
    [ 'deep', 'chain', '', '', 'nocrl ssl_verify_depth 2;' ],

    [ 'wrongname', 'good', 'name=bad.test', 'hostname mismatch' ],
    [ 'wrongaddress', 'other', '', 'IP address mismatch' ],
    [ 'expired', 'old', '', 'certificate has expired' ],
    [ 'notyet', 'young', '', 'certificate is not yet valid' ],
    [ 'selfsigned', 'self', '', 'self-signed certificate' ],
    [ 'revoked', 'revoked', '', 'certificate revoked' ],
    [ 'wrongpin', 'good', "pin=$pin{self}", 'key does not match any pin' ],
    [ 'pinnedold', 'old', "pin=$pin{old}", 'certificate has expired' ],
    [ 'pinnedyoung', 'young', "pin=$pin{young}",
      'certificate is not yet valid' ],
    [ 'anypin', 'good', "pin=$pin{self}", 'key does not match any pin',
      'ssl_verify off;' ],
    [ 'plain', 'plain', '', 'wrong version number' ],
    [ 'silent', 'silent', '', 'TLS handshake timed out' ],
    [ 'halfway', 'halfway', '', 'TLS handshake timed out' ],
    [ 'hangup', 'hangup', '', 'connection closed in TLS handshake' ],
    [ 'noalpn', 'noalpn', '', 'tlsv1 alert no application protocol' ],
    [ 'broken', 'broken', '', 'unable to get local issuer certificate',
      'nocrl' ],
    [ 'toodeep', 'chain', '', 'certificate chain too long',
      'nocrl ssl_verify_depth 1;' ],
    [ 'lesscrl', 'chain', '', 'unable to get certificate CRL' ],
);

$t->plan(3 * grep({ !$_->[3] } @cases) + 5 * grep({ $_->[3] } @cases) + 7);

# all others have none

my %alpn = (noalpn => 'ssl_alpn h2;');

$ca->issue('noalpn', 'IP:127.0.0.1');

my $servers = join '', map { my $alpn = $alpn{$_} // ''; <<EOF }
    server {
        listen               127.0.0.1:%%PORT_$port{$_}%% ssl;
        ssl_certificate      $dir/$_.pem;
        ssl_certificate_key  $dir/$_.key;
        ssl_protocols        TLSv1.2 TLSv1.3;
        $alpn
        proxy_pass           127.0.0.1:%%PORT_8081%%;
    }

EOF
    qw/ good other old young self revoked chain broken noalpn /;

my $upstreams = join '', map {
    my ($name, $at, $params, undef, $lines) = @$_;

    $lines //= '';

    my $crl = $lines =~ s/^nocrl ?// ? '' : "ssl_crl $dir/crl.pem;";

    <<EOF;
    dns_upstream $name {
        server        tls://127.0.0.1:%%PORT_$port{$at}%% $params;
        server        127.0.0.1:%%PORT_8080%% backup;
        health_check  off;
        $lines
        ssl_trusted_certificate  $dir/ca.pem;
        $crl
    }

EOF
} @cases;

my $forwards = join '', map { "        dns_forward  $_->[0].test $_->[0];\n" }
               @cases;

$t->write_file_expand('nginx.conf', <<EOF);

%%TEST_GLOBALS%%

worker_processes 1;

events {
    worker_connections 4096;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8088%%;

        location /status {
            dns_status  json;
        }

        location /metrics {
            dns_status  prometheus;
        }
    }
}

stream {
    log_format  f  '\$dns_qname \$dns_upstream_addr "\$dns_error"';
    access_log  %%TESTDIR%%/dns.log f;

$servers
    server {
        listen  127.0.0.1:%%PORT_8082%%;
        return  "220 this is a mail server\r\n";
    }

$upstreams
    dns_upstream lone {
        server        tls://127.0.0.1:%%PORT_8102%%;
        health_check  off;
        ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    }

    dns_upstream checked {
        server        tls://127.0.0.1:%%PORT_8102%%;
        server        127.0.0.1:%%PORT_8080%%;
        health_check  interval=100ms;
        ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    }

    server {
        listen  127.0.0.1:%%PORT_8053%% udp;

$forwards
        dns_forward  lone.test lone;
        dns_forward  checked.test checked;
        dns_forward  quick.test 127.0.0.1:%%PORT_8080%%;
    }
}
EOF

$t->upstream(8080, sub { { a => '192.0.2.2' } });
$t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);

# accepts, and says nothing

my $silent = IO::Socket::IP->new(
    LocalHost => '127.0.0.1', LocalPort => $t->port(8083), Listen => 9,
    ReuseAddr => 1);

# begins a handshake, and stops in its midst, or closes

my @midst = map { midst(@$_) } [ 8084, "\x16\x03\x03\x00\x7a\x02\x00" ],
                               [ 8085 ];

$t->run();

sub at { 'tls://127.0.0.1:' . $t->port($_[0]) }

# what the page says of the first server of an upstream

sub server {
    my ($name) = @_;

    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};

    return $u->{servers}[0];
}

# how long an answer takes, and it

sub took {
    my ($name) = @_;

    my $begin = time();
    my $r = dns_query($t->port(8053), $name, 'A');

    return (time() - $begin, $r);
}

sub midst {
    my ($n, $bytes) = @_;

    my $listen = IO::Socket::IP->new(
        LocalHost => '127.0.0.1', LocalPort => $t->port($n), Listen => 9,
        ReuseAddr => 1);

    my $pid = fork() // die "fork: $!\n";

    return $pid if $pid;

    my @held;

    while (my $s = $listen->accept()) {
        $s->sysread(my $hello, 4096);

        if ($bytes) {
            $s->syswrite($bytes);
            push @held, $s;
        }
    }

    POSIX::_exit(0);
}

END {
    my $code = $?;

    kill 'KILL', @midst;
    waitpid $_, 0 for @midst;

    $? = $code;
}

for (@cases) {
    my ($name, $at, undef, $fault) = @$_;

    # on a busy machine all takes its time

    my ($plain) = took('a.quick.test');
    my ($took, $r) = took("a.$name.test");

    if (!$fault) {
        is($r->{answers}[0]{data}, '192.0.2.1', $name);
        is(server($name)->{handshakes_full}, 1, "$name: counted");
        is(server($name)->{tls_error}, undef, "$name: no error");
        next;
    }

    is($r->{answers}[0]{data}, '192.0.2.2', "$name: the next server");
    cmp_ok($took, '<', 0.5 + 10 * $plain, "$name: in time");

    $t->wait_for(sub { server($name)->{tls_error} });

    # the words are those of OpenSSL, which has more of them since 3.6

    my $more = qr/(?: or the system clock is incorrect)?/;

    like(server($name)->{tls_error}, qr/^\Q$fault\E$more$/, "$name: the error");

    # the search for loops asks it, too, whenever that may be

    cmp_ok(server($name)->{handshakes_failed}, '>=', 1, "$name: counted");
    my $line = qq{"$name": server @{[ at($port{$at}) ]} has failed TLS: $fault};

    like($t->error_log(), qr/upstream \Q$line\E$more$/m, "$name: logged");
}

# no other server

my $r = dns_query($t->port(8053), 'a.lone.test', 'A');
is($r->{rcode}, 'SERVFAIL', 'no other server');
like($t->read_file('dns.log'),
     qr/^a.lone.test \S+ "no TLS with upstream: certificate has expired"/m,
     'in the log of queries');

dns_query($t->port(8053), "$_.lone.test", 'A') for 1 .. 5;
is(() = $t->error_log() =~ /"lone": .* has failed TLS/g, 1, 'said once');

my $m = metrics($t->port(8088));
is(total($m, 'nginx_dns_upstream_handshakes_total',
         'upstream="lone".*result="fail"'), 6, 'metrics');
is(total($m, 'nginx_dns_failed_total', 'reason="tls"'), 6, 'the reason');

# health checks

ok($t->wait_for(sub { server('checked')->{state} eq 'unhealthy' }), 'checked');
is(server('checked')->{reason},
   'TLS of the health check failed, certificate has expired', 'the reason');
