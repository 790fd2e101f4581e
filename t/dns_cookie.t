#!/usr/bin/perl

# Tests for dns_cookie (RFC 7873, 9018): over all transports, without a
# question, malformed ones, and what a good one lifts.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has('http');

tls_certificate($t);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

stream {
    dns_cache_zone  zone=c:1m;
    dns_limit_zone  client zone=l:64k rate=1r/m v4=32;
    dns_limit_zone  $dns_zone zone=z:64k rate=1r/m;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    log_format  f  '$dns_rcode "$dns_error"';
    access_log  %%TESTDIR%%/dns.log f;

    dns_cookie    on;
    dns_forward   . 127.0.0.1:%%PORT_8081%%;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        listen       127.0.0.1:%%PORT_8853%% ssl;
        dns_service  doh;
        dns_cache    c;
        dns_nsid     here;
        dns_udp_max_size  1232 unproven=512;
    }

    server {
        listen      127.0.0.1:%%PORT_8054%% udp;
        listen      127.0.0.1:%%PORT_8054%%;
        dns_cookie  off;
    }

    server {
        listen      127.0.0.1:%%PORT_8055%% udp;
        listen      127.0.0.1:%%PORT_8055%%;
        dns_limit   zone=l slip=1;
        dns_forward . 127.0.0.1:%%PORT_8081%%;

        dns_zone own.test {
            dns_limit  zone=z slip=1;
            dns_pass   127.0.0.1:%%PORT_8081%%;
        }
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }

        location /dns-query {
            dns_over_https  doh;
        }
    }
}

EOF_CONF

my $up = $t->upstream(8081, sub {
    my ($q) = @_;

    return { answers => [ map { [ $q->{qname_raw}, 'TXT', 60, $_ x 200 ] }
                          'a' .. 'd' ], edns => 1232 }
        if $q->{qname} =~ /^long/;
    return { a => '192.0.2.1', edns => 1232 };
});

$t->run();

my $client = "\1\2\3\4\5\6\7\x08";

sub ask {
    my ($port, $cookie, %o) = @_;
    my $name = delete $o{name} // 'a.test';
    my @more = @{delete $o{more} // []};

    return dns_query($t->port($port), $name, delete $o{type} // 'A',
        edns => { size => 1232, options =>
            [ defined $cookie ? [ 10, $cookie ] : (), @more ] }, %o);
}

sub cookie {
    my ($m) = @_;

    my @found = map { $_->[1] } grep { $_->[0] == 10 }
        @{($m // {})->{edns}{options} // []};

    return @found == 1 ? $found[0] : scalar @found;
}

# a new client gets one, and it is good with all transports

my $m = ask(8053, $client);
my $good = cookie($m);

is($m->{answers}[0]{data}, '192.0.2.1', 'a new client is answered');
is(length $good, 24, 'a cookie of 24 octets');
is(substr($good, 0, 12), "$client\1\0\0\0", 'of the client, version 1');
cmp_ok(abs(unpack('x12 N', $good) - time()), '<=', 3, 'of now');

for my $proto (qw/ udp tcp tls /) {
    my $port = $proto eq 'tls' ? 8853 : 8053;

    for my $sent ($client, $good, $good ^ ("\0" x 23 . "\1")) {
        $m = ask($port, $sent, proto => $proto);
        is($m->{rcode} . length cookie($m), 'NOERROR24', "$proto");
    }
}

my $r = doh($t->port(8080), 'POST', encode(flags => 0x100,
    question => [ 'a.test', 'A' ],
    edns => { options => [ [ 10, $good ] ] }));

is(length cookie(decode($r->{body})), 24, 'over HTTPS');

# with other options, from the cache and of errors

$m = ask(8053, $good, more => [ [ 3, '' ], [ 10, "\0" x 8 ] ]);
is(substr(cookie($m), 0, 8), $client, 'the first of two');
is((grep { $_->[0] == 3 } @{$m->{edns}{options}})[0][1], 'here', 'with NSID');
is(length cookie(ask(8053, $client, class => 4)), 24, 'of an error');
is(cookie(ask(8053, undef)), 0, 'without one');
is(cookie(ask(8054, $client)), 0, 'off');
is(ask(8054, 'x')->{rcode}, 'NOERROR', 'off: anything goes');
is(dns_query($t->port(8054), '', 'A', question => '', qdcount => 0,
             edns => { options => [ [ 10, $client ] ] })->{rcode}, 'FORMERR',
   'off: no question');

# malformed: RFC 7873, 5.2.2

is(ask(8053, "\1" x $_)->{rcode}, 'FORMERR', "$_ octets")
    for 0, 7, 9, 15, 41;
is(ask(8053, "\1" x $_)->{rcode}, 'NOERROR', "$_ octets") for 8, 16, 24, 40;

# without a question: RFC 7873, 5.4

sub only {
    my ($cookie, %o) = @_;

    my $m = dns_query($t->port(8053), '', 'A', question => '', qdcount => 0,
                      edns => { options => [ [ 10, $cookie ] ] }, %o);

    return join ' ', $m->{rcode}, length cookie($m), $m->{qdcount} // '',
        scalar @{$m->{answers}};
}

like(only($client), qr/^NOERROR 24/, 'no question: a new client');
like(only($good), qr/^NOERROR 24/, 'a good one');
like(only($good ^ ("\0" x 23 . "\1")), qr/^BADCOOKIE 24/, 'a bad one');
like($t->read_file('dns.log'), qr/^BADCOOKIE "bad cookie/m, 'which the log says');
like(only($good, proto => 'tcp'), qr/^NOERROR 24/, 'over TCP');
like(only($good, from => '127.0.0.9'), qr/^BADCOOKIE 24/,
     'from another address');
like(only("\1" x 9), qr/^FORMERR/, 'malformed');

# servers are not sent it

is(scalar(grep { $_->{raw} =~ /\Q$client\E/ } $up->queries()), 0,
   'no cookie goes to servers');
is(scalar(grep { grep { $_->[0] == 10 } @{$_->{edns}{options} // []} }
          $up->queries()), 0, 'nor another option');

# limits, and answers to addresses that are not proven

is(ask(8053, $client, name => 'long.test', type => 'TXT')->{tc}, 1,
   'unproven= without a good cookie');
is(dns_query($t->port(8053), 'long.test', 'TXT', edns => 1232)->{tc}, 1,
   'and without any');
$m = ask(8053, $good, name => 'long.test', type => 'TXT');
is($m->{tc}, 0, 'not with a good one');
is($m->{edns}{size}, 1232, 'the size that is said is the longer one');
is(dns_query($t->port(8053), 'long.test', 'TXT', proto => 'tcp',
             edns => 1232)->{tc}, 0, 'nor over TCP');

my @got = map { ask(8055, $client)->{tc} } 1 .. 4;
is("@got", '0 1 1 1', 'over a limit: TC');
is(length cookie(ask(8055, $client)), 24, 'which has a cookie');
@got = map { ask(8055, $good)->{tc} } 1 .. 20;
is("@got", join(' ', (0) x 20), 'with a good one there is none');
@got = map { ask(8055, $good ^ ("\0" x 23 . "\1"))->{tc} } 1 .. 2;
is("@got", '1 1', 'with a bad one there is');

my $other = cookie(ask(8053, $client, from => '127.0.0.7'));

@got = map { ask(8055, $other, proto => 'tcp', from => '127.0.0.7')->{rcode} }
    1 .. 3;
is("@got", 'NOERROR REFUSED REFUSED', 'streams are limited as ever');
@got = map { ask(8055, $good, name => 'a.own.test')->{tc} } 1 .. 3;
is("@got", '0 1 1', 'a limit that protects servers stays');

# counted

my $text = http($t->port(8080), '/metrics')->{body};
my $server = '127.0.0.1:' . $t->port(8055);

sub counted {
    return $text =~ /^nginx_dns_cookies_total\{
                     server="$server",cookie="$_[0]"\}\ (\d+)$/mx ? $1 : 0;
}

is(counted('new'), 5, 'new');
is(counted('valid'), 26, 'valid');
is(counted('invalid'), 2, 'invalid');
like($text, qr/^nginx_dns_failed_total\{reason="cookie"\} 6$/m, 'malformed');

# over a reload

$t->reload();

like(only($good), qr/^NOERROR/, 'a reload keeps the secret');

like(`dig \@127.0.0.1 -p @{[ $t->port(8053) ]} +cookie a.test 2>&1`,
     qr/COOKIE: [0-9a-f]{48} \(good\)/, 'dig');

$t->plan();
