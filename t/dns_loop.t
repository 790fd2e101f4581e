#!/usr/bin/perl

# Tests for servers that lead back to this nginx: at once, by way of another
# server of it, of unbound and of dnsmasq.  They are out, that is said once, and
# other zones go on; a chain of servers of one nginx is no loop.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->has('http')->plan(30);
my $dir = $t->testdir();

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    dns_cache_zone  zone=c:1m;

    dns_upstream self {
        server    127.0.0.1:%%PORT_8051%%;
        all_down  try;
    }

    dns_upstream ab {
        server  127.0.0.1:%%PORT_8053%%;
    }

    dns_upstream unbound {
        server  127.0.0.1:%%PORT_8091%%;
        health_check  off;
    }

    dns_upstream dnsmasq {
        server  127.0.0.1:%%PORT_8092%%;
    }

    dns_upstream some {
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8055%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8051%% udp reuseport;
        listen       127.0.0.1:%%PORT_8051%%;
        dns_cache    c;
        dns_forward  . self;
        dns_forward  fine.test 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8052%% udp;
        listen       127.0.0.1:%%PORT_8052%%;
        dns_forward  ab.example ab;
        dns_forward  fine.test 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_forward  . 127.0.0.1:%%PORT_8052%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8054%% udp;
        listen       127.0.0.1:%%PORT_8054%%;
        dns_forward  . unbound;
        dns_forward  masq.example dnsmasq;
    }

    server {
        listen       127.0.0.1:%%PORT_8055%% udp;
        listen       127.0.0.1:%%PORT_8055%%;
        dns_forward  . some;
    }

    # a chain, and no loop

    server {
        listen       127.0.0.1:%%PORT_8056%% udp;
        listen       127.0.0.1:%%PORT_8056%%;
        dns_forward  . 127.0.0.1:%%PORT_8057%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8057%% udp;
        listen       127.0.0.1:%%PORT_8057%%;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /json {
            dns_status  json;
        }

        location /metrics {
            dns_status  prometheus;
        }
    }
}

EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } }, loops => 1);

$t->write_file_expand('unbound.conf', <<'EOF_CONF');
server:
    outgoing-port-avoid: 1024-32767
    interface: 127.0.0.1@%%PORT_8091%%
    username: ""
    chroot: ""
    directory: "%%TESTDIR%%"
    pidfile: "%%TESTDIR%%/unbound.pid"
    do-not-query-localhost: no
    use-syslog: no
    module-config: "iterator"
    num-threads: 1
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@%%PORT_8054%%
EOF_CONF

$t->spawn('unbound.out', 'unbound', '-d', '-c', "$dir/unbound.conf");
$t->spawn('dnsmasq.out', 'dnsmasq', '-k', '-C', '/dev/null', '--no-resolv',
    '--no-hosts', '--min-port=32768', '--bind-interfaces',
    '--listen-address=127.0.0.1',
    '--pid-file=', '--user=' . getpwuid($<), '-p', $t->port(8092),
    '--server=127.0.0.1#' . $t->port(8054));

my $start = time();

$t->run();

sub said {
    my ($upstream, $port) = @_;
    my $addr = '127.0.0.1:' . $t->port($port);

    return scalar(() = $t->error_log() =~
        /\[error\].*dns upstream "\Q$upstream\E": loop, .* server $addr /g);
}

my %loops = (self => 8051, ab => 8053, unbound => 8091, dnsmasq => 8092,
             some => 8055);

for my $upstream (sort keys %loops) {
    ok($t->wait_for(sub { said($upstream, $loops{$upstream}) }, 12),
       "found: $upstream");
}

cmp_ok(time() - $start, '<=', 10, 'all within ten seconds');

# out at once, and what else there is goes on

sub gets {
    my ($port, $name) = @_;

    my $begun = time();
    my $m = dns_query($t->port($port), $name, 'A');

    return ($m ? $m->{answers}[0] ? $m->{answers}[0]{data} : $m->{rcode}
            : 'none') . (time() - $begun < 0.5 ? '' : ' late');
}

is(gets(8051, 'a.test'), 'SERVFAIL', 'to itself');
is(gets(8051, 'a.fine.test'), '192.0.2.1', 'another zone');
is(gets(8052, 'a.ab.example'), 'SERVFAIL', 'by way of another');
is(gets(8052, 'a.fine.test'), '192.0.2.1', 'another zone');
is(gets(8054, 'a.test'), 'SERVFAIL', 'by way of unbound');
is(gets(8054, 'a.masq.example'), 'SERVFAIL', 'by way of dnsmasq');
is(gets(8055, "a$_.test"), '192.0.2.1', 'a server beside it') for 1 .. 6;
is(gets(8056, 'b.test'), '192.0.2.1', 'a chain');

my $text = http($t->port(8080), '/json')->{body};

like($text, qr/"upstream":"self".*?"state":"unhealthy"/s, 'json')
    or diag($text);
like($text, qr/loop, a query has come back/, 'why');
like(http($t->port(8080), '/metrics')->{body},
     qr/^nginx_dns_failed_total\{reason="loop"\} [1-9]/m, 'counted');

# queries for it are few

my @asked = grep { $_->{name} =~ /^dnsloop-[0-9a-f]{16}\./ } $up->queries();

cmp_ok(scalar @asked, '<=', 2 * 4, 'few to a server that is none');
is(scalar(grep { $_->{name} =~ /\.(test|invalid)$/
                 && $_->{name} !~ /\.fine\.test$/ } @asked), 0,
   'none that resolvers answer themselves');

# a reload does not forget, and does not say so again

$t->reload();
sleep 3;

is(said('self', 8051), 1, 'said once');
is(said('unbound', 8091), 1, 'also of unbound');
is(gets(8051, 'a.test'), 'SERVFAIL', 'still out');

# where it leads elsewhere it is used again

$t->write_file('conf.new', do {
    my $conf = $t->read_file('nginx.conf');
    my ($from, $to) = ($t->port(8052), $t->port(8081));

    $conf =~ s/dns_forward  \. 127.0.0.1:$from;/dns_forward  . 127.0.0.1:$to;/;
    $conf;
});

rename "$dir/conf.new", "$dir/nginx.conf" or die "nginx.conf: $!\n";

$t->reload();

ok($t->wait_for(sub { gets(8052, 'c.ab.example') eq '192.0.2.1' }, 12),
   'used again when it leads elsewhere');
like($t->error_log(), qr/"ab": server \S+ no longer leads back/, 'said');
is(said('ab', 8053), 1, 'once');
